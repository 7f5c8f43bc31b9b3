import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { inFolder, runCli } from "../../test/support/cli-harness.ts";
import {
  changed,
  deliveriesKey,
  delivery,
  examined,
  findsEach,
  gantryYaml,
  hooksKey,
  policyYaml,
  repositoryKey,
  type Sickness,
  useRepository,
  wrongs,
} from "../../test/support/doctor-harness.ts";
import { googleError, project } from "../../test/support/google-project.ts";
import { runtimeFinding } from "./function-checks.ts";
import { nodeFinding } from "./local-checks.ts";

describe("gantry doctor", () => {
  useRepository();

  it("finds nothing wrong where nothing is wrong, and asks as whom it was told", async () => {
    const report = await examined();
    expect(wrongs(report)).to.deep.equal([]);
    expect(report).to.deep.include({ exitCode: 0, ok: true });
    expect(report.findings.map(({ check }) => check)).to.include.members([
      ...[
        "node",
        "config",
        "policy",
        "policy-allows",
        "server-file",
        "tags",
        "asker",
        "apis",
        "topics",
        "cloud-builds",
      ],
      ...[
        "subscriptions",
        "dead-letters",
        "schedule",
        "functions",
        "firestore",
        "secrets",
        "rights",
        "address",
        "github",
        "slack",
      ],
    ]);
    const google = report.asked.filter((line) => line.includes("googleapis.com"));
    expect(google.filter((line) => !line.endsWith(" Bearer ya29.test"))).to.deep.equal([]);
    const github = report.asked.filter((line) => line.includes(" github/"));
    const asStranger = github.filter((line) => !line.endsWith("ghp_test"));
    expect(asStranger.map((line) => line.trim())).to.deep.equal([repositoryKey]); // as Cloud Build clones
    expect(report.asked.some((line) => line.includes("xoxb-test") && !line.includes("slack/"))).to.equal(
      false,
    );
  });

  const sicknesses: readonly Sickness[] = [
    [
      "a private repository that no connection fetches",
      (answers) => void answers.set(repositoryKey, { private: true }),
      "broken",
      /cannot clone acme\/api: it is private/,
      /^gcloud builds repositories create acme-api --remote-uri=https:\/\/github\.com\/acme\/api\.git --connection=github --region=us-central1 --project=acme-ops$/,
    ],
    [
      "no webhook",
      (answers) => void answers.set(hooksKey, []),
      "broken",
      /acme\/api has no webhook/,
      /^gh api repos\/acme\/api\/hooks .* -f 'config\[url\]=[^' ]+' -f 'config\[content_type\]=json' -f 'config\[secret\]=SECRET'$/,
    ],
    [
      "a webhook that sends forms",
      changed<{ config: Record<string, string> }[]>(hooksKey, ([hook]) => {
        if (hook) hook.config["content_type"] = "form";
      }),
      "broken",
      /sends form/,
      / -f 'config\[content_type\]=json'$/,
    ],
    [
      "a webhook without a secret",
      changed<{ config: Record<string, string> }[]>(hooksKey, ([hook]) => {
        if (hook) delete hook.config["secret"];
      }),
      "broken",
      /has no secret/,
      / -f 'config\[secret\]=SECRET'$/,
    ],
    [
      "a webhook that checks no certificates",
      changed<{ config: Record<string, string> }[]>(hooksKey, ([hook]) => {
        if (hook) hook.config["insecure_ssl"] = "1";
      }),
      "broken",
      /does not check certificates/,
      / -f 'config\[insecure_ssl\]=0'$/,
    ],
    [
      "a webhook that sends no pushes",
      changed<{ events: string[] }[]>(hooksKey, ([hook]) => {
        if (hook) hook.events = ["release"];
      }),
      "broken",
      /does not send pushes/,
      /add_events/,
    ],
    [
      "a webhook whose signature Gantry refuses",
      (answers) => void answers.set(deliveriesKey, [delivery(401, "Unauthorized")]),
      "broken",
      /the last delivery \(push, .*\) was answered with 401 Unauthorized/,
      /deliveries$/,
    ],
    [
      "a GitHub token that is not accepted",
      (answers) => void answers.set(hooksKey, googleError(401, "", "Bad credentials")),
      "broken",
      /GitHub does not accept the token/,
      /gantry-github-token/,
    ],
    [
      "a GitHub token that sees no webhooks",
      (answers) => void answers.delete(hooksKey),
      "unknown",
      /the token does not see the webhooks of acme\/api/,
      /settings\/hooks/,
    ],
    [
      "a Slack token that was revoked",
      (answers) => void answers.set("POST slack/auth.test", { ok: false, error: "token_revoked" }),
      "broken",
      /Slack does not accept the token: token_revoked/,
      /gantry-slack-token/,
    ],
    [
      "a Slack token of another workspace",
      (answers) => void answers.set("POST slack/auth.test", { ok: true, team_id: "T0OTHER00" }),
      "broken",
      /of the workspace T0OTHER00, which gantry\.server\.yaml does not name/,
      /teams: \[T0123ABCD, T0OTHER00\]/,
    ],
    [
      "a Gantry that does not answer",
      (answers) => void answers.delete("GET health"),
      "broken",
      /health answers 404/,
      /gcloud run services describe gantry/,
    ],
  ];
  findsEach(sicknesses);

  it("says of a token that is refused what makes the instances that live read another one", async () => {
    const report = await examined((answers) => {
      answers.set(hooksKey, googleError(401, "", "Bad credentials"));
      answers.set("POST slack/auth.test", { ok: false, error: "token_revoked" });
    });
    const refused = wrongs(report).filter(({ what }) => /does not accept the token/.test(what));
    expect(refused.map(({ next }) => next.at(-1))).to.deep.equal(
      Array(2).fill("another settings_version, then: terraform apply"),
    );
  });

  it("says that a file has problems, and that the policy forbids what it asks for", async () => {
    const unread = await examined(undefined, { "gantry.yaml": "version: 1\n" });
    expect(wrongs(unread).map(({ check }) => check)).to.include("config");
    const forbidden = await examined(undefined, {
      "gantry.policy.yaml": policyYaml.replace("acme/api", "acme/web"),
    });
    expect(wrongs(forbidden).map(({ check, state }) => `${check} ${state}`)).to.deep.equal([
      "policy-allows broken",
    ]);
    expect(forbidden.exitCode).to.equal(1);
  });

  it("says that nobody is signed in, and checks what it can without", async () => {
    await inFolder(async (cwd) => {
      writeFileSync(join(cwd, "gantry.yaml"), gantryYaml);
      const env = { GANTRY_GOOGLE_ENDPOINT: "http://127.0.0.1:1" };
      const { exitCode, stdout, stderr } = await runCli(["doctor", "--project", project], { cwd, env });
      expect(exitCode).to.equal(0);
      expect(stdout).to.include("✔ gantry.yaml reads without a problem");
      expect(stdout).to.include("? the project acme-ops: not looked at, for want of credentials");
      expect(stdout).to.include("$ gcloud auth application-default login");
      expect(stderr).to.match(/^0 broken, 0 to look at, \d+ not looked at, \d+ well\.\n$/);
    });
  });

  it("knows which Node and which runtime are too old", () => {
    expect(nodeFinding("20.18.3").state).to.equal("broken");
    expect(nodeFinding("v20.19.0").state).to.equal("ok");
    expect(nodeFinding("24.1.0").state).to.equal("ok");
    expect(runtimeFinding("build", "nodejs22", "2027-05-01")?.state).to.equal("warning");
    expect(runtimeFinding("build", "python312", "2026-11-23")?.state).to.equal("warning");
    expect(runtimeFinding("build", "nodejs24", "2026-11-23")).to.equal(null);
  });
});
