import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { googlePeople, type PeopleSettings } from "../../cli/runtime/google-people.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { openPolicy } from "../../test/support/function-harness.ts";
import {
  asOperator,
  jsonOf,
  operatorToken,
  serviceHarness,
  viewerToken,
} from "../../test/support/service-harness.ts";
import { googleClaims, startTokenIssuer, type TokenIssuer } from "../../test/support/token-issuer.ts";

const audience = "https://gantry.example.com";
const iapAudience = "/projects/42/locations/us-central1/services/gantry";
const iapHeader = "x-goog-iap-jwt-assertion";
const cancel = "/api/v1/releases/release-1/cancel";

const policy = openPolicy({
  people: { robin: { github: [], slack: [], google: ["robin@example.com"] } },
  access: { viewers: ["*@example.com"], operators: ["robin"] },
});

describe("people whom Google signed in", () => {
  let proxy: TokenIssuer;
  let google: TokenIssuer;

  before(async () => {
    [proxy, google] = await Promise.all([startTokenIssuer("ES256"), startTokenIssuer("RS256")]);
  });
  after(() => Promise.all([proxy.close(), google.close()]));

  function harness(settings: Partial<PeopleSettings>) {
    const people = googlePeople({ iap: null, signIn: null, ...settings }, { policy, clock: systemClock });
    return serviceHarness({ people });
  }
  const behindProxy = () => harness({ iap: iapAudience, keysUrl: proxy.keysUrl });
  const withSignIn = () => harness({ signIn: audience, keysUrl: google.keysUrl });

  const nowS = () => Math.floor(Date.now() / 1_000);
  /** As Google says it of an account that the domain of its address keeps. */
  const keptBy = (email: string) => ({ hd: email.slice(email.indexOf("@") + 1) });
  const asserted = (email: string, changes = {}) =>
    proxy.sign({
      iss: "https://cloud.google.com/iap",
      aud: iapAudience,
      sub: "accounts.google.com:1",
      email,
      ...keptBy(email),
      iat: nowS(),
      exp: nowS() + 600,
      ...changes,
    });
  const signedIn = (email: string, changes = {}) =>
    google.sign(googleClaims({ audience, email, atS: nowS() }, { ...keptBy(email), ...changes }));

  describe("through Identity-Aware Proxy", () => {
    it("read and decide as the policy says, under the address that Google knows", async () => {
      const { app, asked, lines } = behindProxy();
      const headers = { [iapHeader]: await asserted("robin@example.com") };
      expect((await app.request("/api/v1/services", { headers })).status).to.equal(200);
      expect((await app.request(cancel, { method: "POST", headers })).status).to.equal(202);
      expect(asked[0]?.params).to.deep.include({
        by: { kind: "person", name: "robin@example.com", via: "api" },
      });
      expect(lines.at(-1)).to.include({ identity: "robin@example.com", status: 202 });
    });

    it("only read where the policy says so, and may nothing where it does not name them", async () => {
      const { app, asked } = behindProxy();
      const viewer = { [iapHeader]: await asserted("maya@example.com") };
      expect((await app.request("/api/v1/services", { headers: viewer })).status).to.equal(200);
      const refused = await app.request(cancel, { method: "POST", headers: viewer });
      expect(refused.status).to.equal(403);
      expect(await jsonOf(refused)).to.include({
        code: "forbidden",
        detail: '"maya@example.com" may read but not change anything: the role operator is needed.',
        next: "The operator adds them under access in gantry.policy.yaml, by address where no Google Workspace of the domain keeps the account.",
      });
      const stranger = { [iapHeader]: await asserted("eve@evil.test") };
      const nothing = await app.request("/api/v1/services", { headers: stranger });
      expect(nothing.status).to.equal(403);
      expect(await jsonOf(nothing)).to.include({
        detail: '"eve@evil.test" may do nothing here: the role viewer or operator is needed.',
      });
      const page = await app.request("/", { headers: stranger });
      expect(page.status).to.equal(403);
      expect(await page.text())
        .to.include("may do nothing here")
        .and.not.include("Services");
      expect(asked).to.deep.equal([]);
    });

    it("open the console without another sign-in, and sign out where they signed in", async () => {
      const { app } = behindProxy();
      const headers = { [iapHeader]: await asserted("robin@example.com") };
      const page = await app.request("/", { headers });
      expect(page.status).to.equal(200);
      expect(await page.text())
        .to.include("robin@example.com")
        .and.include("gcp-iap-mode=CLEAR_LOGIN_COOKIE");
    });

    it("change nothing because another site made their browser ask", async () => {
      const { app, asked } = behindProxy();
      const own = { [iapHeader]: await asserted("robin@example.com"), host: "gantry.test" };
      for (const foreign of [
        { origin: "https://evil.test" },
        { origin: "null" },
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
      ]) {
        const answer = await app.request(cancel, { method: "POST", headers: { ...own, ...foreign } });
        expect(answer.status, JSON.stringify(foreign)).to.equal(403);
        expect(await jsonOf(answer)).to.include({ code: "origin-invalid" });
        const form = await app.request("/releases/release-1/cancel", {
          method: "POST",
          headers: { ...own, origin: "https://evil.test", ...foreign },
        });
        expect(form.status).to.equal(403);
      }
      expect(asked).to.deep.equal([]);
      const page = { ...own, origin: "http://gantry.test", "sec-fetch-site": "same-origin" };
      expect((await app.request(cancel, { method: "POST", headers: page })).status).to.equal(202);
    });

    it("are nobody where no proxy is expected, whatever the header says", async () => {
      const headers = { [iapHeader]: await asserted("robin@example.com") };
      expect((await serviceHarness().app.request("/api/v1/services", { headers })).status).to.equal(401);
      expect((await withSignIn().app.request("/api/v1/services", { headers })).status).to.equal(401);
    });

    it("are believed no header that the proxy did not sign", async () => {
      const { app } = behindProxy();
      const headers = { "x-goog-authenticated-user-email": "accounts.google.com:robin@example.com" };
      expect((await app.request("/api/v1/services", { headers })).status).to.equal(401);
    });

    it("may come with a token of this server, as before", async () => {
      const { app, lines } = behindProxy();
      const headers = {
        authorization: `Bearer ${operatorToken}`,
        [iapHeader]: await asserted("eve@evil.test"),
      };
      expect((await app.request("/api/v1/services", { headers })).status).to.equal(200);
      expect(lines.at(-1)).to.include({ identity: "olivia" });
      expect((await app.request("/api/v1/services", { ...asOperator })).status).to.equal(200);
    });
  });

  describe("with an identity token as bearer", () => {
    it("read and decide as the policy says", async () => {
      const { app } = withSignIn();
      const headers = { authorization: `Bearer ${await signedIn("robin@example.com")}` };
      expect((await app.request(cancel, { method: "POST", headers })).status).to.equal(202);
    });

    it("leave the tokens of this server as they were", async () => {
      const { app } = withSignIn();
      for (const [token, status] of [
        [viewerToken, 200],
        ["nobody", 401],
        ["a.b.c", 401],
      ] as const) {
        const headers = { authorization: `Bearer ${token}` };
        expect((await app.request("/api/v1/services", { headers })).status, token).to.equal(status);
      }
    });

    it("do not open the console, which takes tokens in no header", async () => {
      const headers = { authorization: `Bearer ${await signedIn("robin@example.com")}` };
      expect((await withSignIn().app.request("/", { headers })).status).to.equal(303);
    });
  });

  const wrong: readonly [what: string, changes: object, reason: string, words: string][] = [
    ["of another issuer", { iss: "https://evil.test" }, "issuer", "somebody else issued it"],
    ["for another service", { aud: "https://other.test" }, "audience", "it is meant for another service"],
    ["that has expired", { iat: 1_700_000_000, exp: 1_700_003_600 }, "expired", "it has expired"],
    ["without an address", { email: undefined }, "email-missing", "it names no mail address"],
  ];
  const unverified = [
    "whose address nobody verified",
    { email_verified: false },
    "email-unverified",
    "its mail address is not verified",
  ] as const;

  for (const [way, cases] of [
    ["assertion", wrong],
    ["bearer", [...wrong, unverified]],
  ] as const)
    for (const [what, changes, reason, words] of cases)
      it(`are refused by a problem document, and logged without the token: ${way} ${what}`, async () => {
        const { app, lines } = way === "assertion" ? behindProxy() : withSignIn();
        const sign = way === "assertion" ? asserted : signedIn;
        const token = await sign("robin@example.com", changes);
        const headers = way === "assertion" ? { [iapHeader]: token } : { authorization: `Bearer ${token}` };
        for (const path of ["/api/v1/services", ...(way === "assertion" ? ["/"] : [])]) {
          const answer = await app.request(path, { headers });
          expect(answer.status).to.equal(401);
          expect(answer.headers.get("content-type")).to.equal("application/problem+json");
          const body = await jsonOf(answer);
          expect(body).to.include({ code: "token-refused", status: 401 });
          expect(body["detail"]).to.include(`is not believed: ${words}.`);
          const text = JSON.stringify([body, lines]);
          for (const part of token.split(".")) expect(text).to.not.include(part);
          expect(lines.at(-1)).to.include({ level: "info", status: 401, refused: reason });
        }
      });

  it("are of a domain only where Google says that it keeps the account: both ways in", async () => {
    for (const [hd, status] of [
      ["example.com", 200],
      [undefined, 403],
      ["evil.test", 403],
    ] as const) {
      const maya = "maya@example.com";
      const proxied = { [iapHeader]: await asserted(maya, { hd }) };
      const bearer = { authorization: `Bearer ${await signedIn(maya, { hd })}` };
      const answers = await Promise.all([
        behindProxy().app.request("/api/v1/services", { headers: proxied }),
        withSignIn().app.request("/api/v1/services", { headers: bearer }),
      ]);
      expect(answers.map((answer) => answer.status)).to.deep.equal([status, status]);
    }
  });

  it("are who the policy names by address, whoever keeps the account", async () => {
    const headers = { authorization: `Bearer ${await signedIn("robin@example.com", { hd: undefined })}` };
    expect((await withSignIn().app.request(cancel, { method: "POST", headers })).status).to.equal(202);
  });

  it("are told a command that gcloud takes from them: no own audience for a person's own account, and no address unasked", async () => {
    const headers = { authorization: `Bearer ${await signedIn("robin@example.com", { aud: "elsewhere" })}` };
    const { next } = await jsonOf(await withSignIn().app.request("/api/v1/services", { headers }));
    const command =
      "gcloud auth print-identity-token --impersonate-service-account=ACCOUNT --include-email --audiences=AUDIENCE";
    expect(next).to.include(`${command}, `);
    for (const page of ["docs/errors.md", "docs/explanation/security.md"])
      expect(await readFile(page, "utf8"), page).to.include(command);
  });

  it("are refused by a forged signature, and asked to come again when the keys cannot be had", async () => {
    const { app, lines } = withSignIn();
    const [head, body] = (await signedIn("robin@example.com")).split(".");
    const ask = (token: string) =>
      app.request("/api/v1/services", { headers: { authorization: `Bearer ${token}` } });
    const forged = await ask(`${head}.${body}.Zm9yZ2Vk`);
    expect(forged.status).to.equal(401);
    expect(await jsonOf(forged)).to.include({ code: "token-refused" });
    const dark = harness({ signIn: audience, keysUrl: "http://127.0.0.1:9/keys" });
    const headers = { authorization: `Bearer ${await signedIn("robin@example.com")}` };
    const later = await dark.app.request("/api/v1/services", { headers });
    expect(later.status).to.equal(503);
    expect(await jsonOf(later)).to.include({ code: "keys-unavailable" });
    expect(lines.at(-1)).to.include({ refused: "signature" });
  });
});
