import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Finding } from "../../cli/doctor/finding.ts";
import { runCli } from "./cli-harness.ts";
import { type Answers, healthyProject, project, startGoogle } from "./google-project.ts";

export const gantryYaml = `version: 1
service: { project: ${project}, region: us-central1, name: api }
source: { repository: acme/api, tags: "v*.*.*" }
`;
export const policyYaml = `version: 1
repositories: [{ repository: acme/api, services: ["${project}/us-central1/api"] }]
`;
const scopes =
  "chat:write,chat:write.public,commands,users:read,usergroups:read,channels:read,channels:history";

export type Change = (answers: Answers) => void;
export type Report = Readonly<{
  exitCode: number;
  ok: boolean;
  findings: readonly Finding[];
  asked: readonly string[];
}>;

export const hooksKey = "GET github/repos/acme/api/hooks";
export const repositoryKey = "GET github/repos/acme/api";
export const deliveriesKey = "GET github/repos/acme/api/hooks/7/deliveries";

function webhook(url: string) {
  return {
    type: "Repository",
    id: 7,
    name: "web",
    active: true,
    events: ["push"],
    config: { content_type: "json", insecure_ssl: "0", url: `${url}/hooks/github`, secret: "********" },
    last_response: { code: 200, status: "active", message: "OK" },
  };
}

export function delivery(statusCode: number, status: string) {
  return {
    id: 1,
    guid: "g",
    delivered_at: "2026-11-20T10:00:00Z",
    redelivery: false,
    duration: 0.2,
    status,
    status_code: statusCode,
    event: "push",
  };
}

let folder = "";

function makeRepository(): void {
  folder = mkdtempSync(join(tmpdir(), "gantry-doctor-"));
  const git = (...words: string[]) => execFileSync("git", words, { cwd: folder, stdio: "pipe" });
  git("init", "-q");
  git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-m", "first");
  git("tag", "v1.0.0");
}

/** One repository for all tests of a file; call it in `describe`. */
export function useRepository(): void {
  before(makeRepository);
  after(() => rmSync(folder, { recursive: true }));
}

/** Slack and GitHub name the scopes of a token in the same header. */
function scopesFor(key: string): Readonly<Record<string, string>> {
  return { "x-oauth-scopes": key.includes(" github/") ? "repo, read:org" : scopes };
}

/** Runs `gantry doctor` in the repository with its three files, against a Google, GitHub and Slack that answer as the world says. */
export async function examined(
  change: Change = () => {},
  files: Readonly<Record<string, string>> = {},
  options: readonly string[] = [],
): Promise<Report> {
  const answers = healthyProject();
  const google = await startGoogle(answers, scopesFor);
  const { url } = google;
  const team = { url: "https://acme.slack.com/", team: "Acme", team_id: "T0123ABCD" };
  answers.set("GET health", { status: "ok" });
  answers.set(hooksKey, [webhook(url)]);
  answers.set(repositoryKey, { private: false });
  answers.set(deliveriesKey, [delivery(202, "OK"), delivery(500, "Internal Server Error")]);
  answers.set("POST slack/auth.test", {
    ok: true,
    ...team,
    user: "gantry",
    user_id: "U0BOT",
    bot_id: "B0BOT",
  });
  change(answers);
  const server = `version: 1
publicUrl: ${url}
github: { api: "${url}/github" }
slack: { teams: [T0123ABCD], app: A0123ABCD, api: "${url}/slack/" }
`;
  const env = {
    GANTRY_GOOGLE_ENDPOINT: url,
    GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.test",
    GANTRY_GITHUB_TOKEN: "ghp_test",
    GANTRY_SLACK_TOKEN: "xoxb-test",
  };
  const all = {
    "gantry.yaml": gantryYaml,
    "gantry.policy.yaml": policyYaml,
    "gantry.server.yaml": server,
    ...files,
  };
  for (const [name, text] of Object.entries(all))
    writeFileSync(join(folder, name), text.replaceAll("{url}", url));
  try {
    const ran = await runCli(["doctor", "--project", project, "--json", ...options], { cwd: folder, env });
    return { ...JSON.parse(ran.stdout), exitCode: ran.exitCode, asked: google.asked };
  } finally {
    await google.close();
  }
}

/** An answer of the world, changed in one place. */
export function changed<Body>(key: string, edit: (body: Body) => void): Change {
  return (answers) => {
    const body = answers.get(key);
    if (body === undefined) throw new Error(`the world has no ${key}`);
    edit(body as Body);
  };
}

export const wrongs = (report: Report) => report.findings.filter(({ state }) => state !== "ok");

/** What is wrong, how it came about, what is said of it, and what there is to type. */
export type Sickness = readonly [
  what: string,
  change: Change,
  state: Finding["state"],
  said: RegExp,
  typed: RegExp,
];

/** Each of them is found, and there is something to do about it. */
export function findsEach(sicknesses: readonly Sickness[]): void {
  for (const [what, change, state, sentence, command] of sicknesses) {
    it(`says what to type about ${what}`, async () => {
      const report = await examined(change);
      const found = wrongs(report).filter((finding) => sentence.test(finding.what));
      expect(found, JSON.stringify(wrongs(report), null, 1)).to.have.length.of.at.least(1);
      expect(found[0]?.state).to.equal(state);
      expect(found[0]?.means).to.not.equal("");
      expect(
        found[0]?.next.some((line) => command.test(line)),
        String(found[0]?.next),
      ).to.equal(true);
      expect(report.exitCode).to.equal(wrongs(report).some((one) => one.state === "broken") ? 1 : 0);
    });
  }
}
