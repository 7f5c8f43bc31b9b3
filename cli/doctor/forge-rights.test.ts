import { generateKeyPairSync } from "node:crypto";
import { expect } from "chai";
import { checkForgeRights, type ForgeAsker } from "./forge-rights.ts";

type Answers = Readonly<Record<string, object>>;

const denied = { error: 403 };

/** A GitHub that answers so below the repository, and names these scopes; what it does not know is a 404. */
function github(answers: Answers, scopes: string | null) {
  const asked: string[] = [];
  const send: typeof fetch = async (url, init) => {
    const path = String(url).replace("https://git.test/repos/acme/api", "");
    asked.push(`${path} ${new Headers(init?.headers).get("authorization")}`);
    const body = answers[path] ?? { error: 404 };
    const status = "error" in body && typeof body.error === "number" ? body.error : 200;
    return Response.json(body, { status, headers: scopes === null ? {} : { "x-oauth-scopes": scopes } });
  };
  return { send, asked };
}

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs1", format: "pem" }).toString();

async function found(answers: Answers, scopes: string | null, changes: Partial<ForgeAsker> = {}) {
  const { send, asked } = github(answers, scopes);
  const asker = {
    baseUrl: "https://git.test/",
    token: "ghp_test",
    app: null,
    repository: "acme/api",
    reports: true,
  };
  const findings = await checkForgeRights(
    { fetch: send, clock: { now: () => Date.UTC(2026, 0, 5) } },
    { ...asker, ...changes },
  );
  return { asked, findings, said: findings.map(({ state, what }) => `${state}: ${what}`) };
}

const secret = { "": { private: true } };
const open = { "": { private: false } };
const readable = {
  "/contents/gantry.yaml": {},
  "/deployments?per_page=1": [],
  "/commits/HEAD/statuses?per_page=1": [],
};

describe("Gantry's rights on GitHub, as the doctor finds them", () => {
  const cases: readonly (readonly [string, Answers, string | null, readonly string[]])[] = [
    [
      "a classic token with repo",
      secret,
      "repo, read:org",
      [
        "ok: the GitHub token may read gantry.yaml and list tags, tell of deployments, tell beside the commit in acme/api",
      ],
    ],
    [
      "a classic token that reads nothing private",
      secret,
      "repo:status, repo_deployment",
      [
        "broken: the GitHub token, with the scopes repo:status, repo_deployment, may not read gantry.yaml and list tags",
      ],
    ],
    [
      "a classic token without a scope, for what is public",
      open,
      "",
      [
        "warning: the GitHub token, with the scopes (none), may not tell of deployments",
        "warning: the GitHub token, with the scopes (none), may not tell beside the commit",
      ],
    ],
    [
      "a token that does not see the repository",
      {},
      null,
      ["broken: the GitHub token does not see acme/api"],
    ],
    ["a token that is not accepted, which the webhook's check says", { "": { error: 401 } }, null, []],
    [
      "a fine-grained token that may not read",
      { ...secret, ...readable, "/contents/gantry.yaml": denied },
      null,
      [
        "broken: the GitHub token may not read gantry.yaml and list tags",
        "unknown: whether the GitHub token may write deployments and commit statuses in acme/api",
      ],
    ],
    [
      "a fine-grained token that does not even see deployments",
      { ...secret, ...readable, "/deployments?per_page=1": denied },
      null,
      ["warning: the GitHub token may not tell of deployments"],
    ],
    [
      "a fine-grained token, of which GitHub does not tell what it may write",
      { ...secret, ...readable },
      null,
      ["unknown: whether the GitHub token may write deployments and commit statuses in acme/api"],
    ],
  ];
  for (const [what, answers, scopes, said] of cases)
    it(`of ${what}`, async () => {
      const judged = await found(answers, scopes);
      expect(judged.said).to.deep.equal(said);
      for (const { state, means, next } of judged.findings)
        if (state !== "ok")
          expect([means, next.join()].map((text) => text !== "")).to.deep.equal([true, true]);
    });

  it("of a token that only has to read, where nothing is told", async () => {
    expect((await found({ ...secret, ...readable }, null, { reports: false })).said).to.deep.equal([
      "ok: the GitHub token reads acme/api",
    ]);
    expect((await found(secret, "repo", { reports: false })).said).to.have.length(1);
  });

  const app = { id: "Iv1.0123456789abcdef", privateKey: pem };
  const may = (permissions: object) => ({ "/installation": { permissions } });

  it("of an app: by its installation, asked as the app itself, whose key goes nowhere", async () => {
    const all = await found(may({ contents: "read", deployments: "write", statuses: "write" }), null, {
      app,
    });
    expect(all.said).to.deep.equal([
      "ok: the GitHub App may read gantry.yaml and list tags, tell of deployments, tell beside the commit",
    ]);
    expect(all.asked.join("\n")).to.match(/^\/installation Bearer ey[\w-]+\.[\w-]+\.[\w-]+$/);
    const some = await found(may({ contents: "read", deployments: "read" }), null, { app });
    expect(some.said).to.deep.equal([
      "warning: the GitHub App may not tell of deployments",
      "warning: the GitHub App may not tell beside the commit",
    ]);
  });

  it("of an app that is not installed, not accepted, or without a key", async () => {
    expect((await found({}, null, { app })).said).to.deep.equal([
      "broken: the GitHub App is not installed on acme/api",
    ]);
    expect((await found({ "/installation": { error: 401 } }, null, { app })).said).to.deep.equal([
      "broken: GitHub does not accept the key of the app",
    ]);
    const unread = await found({}, null, { app: { ...app, privateKey: "no key" } });
    expect(unread.said).to.deep.equal(["broken: the key of the GitHub App cannot be read"]);
    expect(JSON.stringify(unread.findings)).to.not.include("no key");
  });
});
