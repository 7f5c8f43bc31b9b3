import { expect } from "chai";
import {
  type Change,
  changed,
  examined,
  gantryYaml,
  useRepository,
  wrongs,
} from "../../test/support/doctor-harness.ts";
import { policyKey, project } from "../../test/support/google-project.ts";

const subscriptions = `GET pubsub.googleapis.com/v1/projects/${project}/subscriptions`;

/** An installation with `github_token = false`: neither the secret nor a policy of it is there. */
const withoutToken: Change = (answers) => {
  answers.delete(
    `GET secretmanager.googleapis.com/v1/projects/${project}/secrets/gantry-github-token/versions`,
  );
  answers.delete(policyKey({ type: "secret", project, name: "gantry-github-token" }));
};
const said = (report: Awaited<ReturnType<typeof examined>>) =>
  wrongs(report).map(({ state, what }) => `${state}: ${what}`);

describe("gantry doctor, of installations that are not as most are", () => {
  useRepository();

  const usual = { type: "repository", project, region: "us-central1", name: "gantry" } as const;
  const own = { type: "repository", project: "acme-images", region: "us", name: "own" } as const;
  const address = "us-docker.pkg.dev/acme-images/own";
  const pushesElsewhere = { "gantry.yaml": `${gantryYaml}build: { repository: ${address} }\n` };
  const granted: Change = (answers) => {
    answers.set(policyKey(own), answers.get(policyKey(usual)) ?? {});
    answers.delete(policyKey(usual));
  };

  it("looks for the rights on the repository of images that gantry.yaml names", async () => {
    const denied = wrongs(await examined(undefined, pushesElsewhere)).filter(
      ({ state }) => state === "broken",
    );
    expect(denied.map(({ what }) => what)).to.include(
      "images lacks roles/artifactregistry.writer on repository acme-images/us/own",
    );
    const next = denied.flatMap((finding) => finding.next).join("\n");
    expect(next).to.match(
      /^gcloud artifacts repositories add-iam-policy-binding own --project=acme-images --location=us --member=serviceAccount:gantry-images@acme-ops\.iam\.gserviceaccount\.com --role=roles\/artifactregistry\.writer$/m,
    );
    expect(said(await examined(granted, pushesElsewhere))).to.deep.equal([]);
  });

  it("looks for them where a service is named with its repository", async () => {
    const nothingHere = { "gantry.yaml": "version: 1\n" };
    const rights = async (service: string) => {
      const report = await examined(granted, nothingHere, ["--service", service]);
      return wrongs(report).filter(({ check }) => check === "rights");
    };
    expect(await rights(`${project}/us-central1/api,${address}`)).to.deep.equal([]);
    expect(await rights(`${project}/us-central1/api`)).to.have.length.of.at.least(1);
  });

  it("believes gantry.yaml of its own service's repository, and not an option beside it", async () => {
    const report = await examined(granted, pushesElsewhere, ["--service", `${project}/us-central1/api`]);
    expect(said(report)).to.deep.equal([]);
  });

  it("finds nothing broken where there is neither token nor app, and says what that means", async () => {
    const report = await examined(withoutToken);
    expect(said(report)).to.deep.equal(["warning: the secret gantry-github-token is missing"]);
    expect(report.exitCode).to.equal(0);
  });

  it("misses no subscription of notify where there is neither token, app nor Slack", async () => {
    const report = await examined(
      (answers) => {
        withoutToken(answers);
        changed<{ subscriptions: { name: string }[] }>(subscriptions, (body) => {
          body.subscriptions = body.subscriptions.filter(({ name }) => !name.includes("/notify-"));
        })(answers);
      },
      { "gantry.server.yaml": 'version: 1\npublicUrl: "{url}"\ngithub: { api: "{url}/github" }\n' },
    );
    expect(said(report)).to.deep.equal(["warning: the secret gantry-github-token is missing"]);
  });

  it("takes an app for what it is by its secret, where the server's settings cannot be read", async () => {
    const report = await examined(withoutToken, { "gantry.server.yaml": "version: 1\nnonsense: 1\n" });
    const rights = wrongs(report).filter(({ check }) => check === "rights" || check === "secrets");
    expect(rights).to.have.length.of.at.least(1);
    for (const { what, next } of rights)
      expect(`${what} ${next.join()}`).to.include("gantry-github-app-key").and.not.include("github-token");
  });
});
