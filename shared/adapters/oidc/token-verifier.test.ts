import { createHmac } from "node:crypto";
import { expect } from "chai";
import { CompactSign, exportJWK, generateKeyPair, generateSecret } from "jose";
import { googleClaims, startTokenIssuer, type TokenIssuer } from "../../../test/support/token-issuer.ts";
import type { IdentityTokens, TokenVerdict } from "../../ports/identity-tokens.ts";
import { iapIssuer, pushIssuer, signInIssuer } from "./google-issuers.ts";
import { keyLimits } from "./key-store.ts";
import { createTokenVerifier } from "./token-verifier.ts";

const audience = "https://gantry.example.com";
const account = "gantry-push@perkie.iam.gserviceaccount.com";
const believed = { ok: true, email: account, hostedDomain: null } as const;

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("createTokenVerifier()", () => {
  let issuer: TokenIssuer;
  let now: number;
  let tokens: IdentityTokens;

  const clock = { now: () => now, sleep: async () => undefined };
  const claims = (changes = {}) => googleClaims({ audience, email: account, atS: now / 1_000 }, changes);

  function check(token: string): Promise<TokenVerdict> {
    return tokens.verify(token);
  }

  beforeEach(async () => {
    now = 1_767_600_000_000;
    issuer = await startTokenIssuer();
    tokens = createTokenVerifier(pushIssuer({ audience, account, keysUrl: issuer.keysUrl }), clock);
  });
  afterEach(() => issuer.close());

  it("believes a token that the issuer signed, and asks for its keys once", async () => {
    const token = await issuer.sign(claims());
    const all = await Promise.all([check(token), check(token), check(token)]);
    expect(all).to.deep.equal([believed, believed, believed]);
    expect(await check(token)).to.deep.equal(believed);
    expect(issuer.fetches()).to.equal(1);
  });

  it("believes nobody whose signature is another's", async () => {
    const other = await startTokenIssuer();
    try {
      const forged = await other.sign(claims(), { kid: issuer.publicJwk().kid ?? "" });
      expect(await check(forged)).to.deep.equal({ ok: false, reason: "signature" });
    } finally {
      await other.close();
    }
  });

  it("believes no claims that were changed after they were signed", async () => {
    const [head, , signature] = (await issuer.sign(claims({ email: "other@perkie.test" }))).split(".");
    const forged = `${head}.${part(claims())}.${signature}`;
    expect(await check(forged)).to.deep.equal({ ok: false, reason: "signature" });
  });

  const unsigned: readonly [string, string][] = [
    ["none", ""],
    ["None", ""],
    ["HS256", "a-signature"],
    ["RS512", "a-signature"],
    ["ES256", "a-signature"],
  ];
  for (const [alg, signature] of unsigned)
    it(`tries no other algorithm than the issuer's: ${alg}`, async () => {
      const token = `${part({ alg, kid: issuer.publicJwk().kid })}.${part(claims())}.${signature}`;
      expect(await check(token)).to.deep.equal({ ok: false, reason: "algorithm" });
      expect(issuer.fetches()).to.equal(0);
    });

  it("takes no public key for a shared secret", async () => {
    const { n = "", kid } = issuer.publicJwk();
    const text = `${part({ alg: "HS256", kid })}.${part(claims())}`;
    const signature = createHmac("sha256", n).update(text).digest("base64url");
    expect(await check(`${text}.${signature}`)).to.deep.equal({ ok: false, reason: "algorithm" });
  });

  it("uses no key that a token brings along, and follows no address in it", async () => {
    const own = await startTokenIssuer();
    try {
      const kid = own.publicJwk().kid ?? "";
      const header = { kid, jwk: own.publicJwk(), jku: own.keysUrl };
      expect(await check(await own.sign(claims(), header))).to.deep.equal({
        ok: false,
        reason: "key-unknown",
      });
      expect(own.fetches()).to.equal(0);
    } finally {
      await own.close();
    }
  });

  const unreadable: readonly [string, () => string | Promise<string>][] = [
    ["nothing", () => ""],
    ["no token", () => "a-token"],
    ["three parts of nothing", () => ".."],
    ["no JSON", () => "e30.bm90LWpzb24.c2ln"],
    ["claims that are a list", () => `${part({ alg: "RS256", kid: "k" })}.${part([1])}.c2ln`],
    ["a header without a key's id", () => `${part({ alg: "RS256" })}.${part(claims())}.c2ln`],
    [
      "a header that asks for an extension",
      () => `${part({ alg: "RS256", kid: "k", crit: ["b64"], b64: false })}.${part(claims())}.c2ln`,
    ],
    ["a token of 10 kB", async () => issuer.sign(claims({ padding: "x".repeat(10_000) }))],
    ["an end that is text", async () => issuer.sign({ ...claims(), exp: "tomorrow" as never })],
  ];
  for (const [what, token] of unreadable)
    it(`refuses ${what} without asking for a key`, async () => {
      const verdict = await check(await token());
      expect(verdict).to.deep.equal({ ok: false, reason: "unreadable" });
      expect(issuer.fetches()).to.equal(0);
    });

  const refused: readonly [string, object, string][] = [
    ["of another issuer", { iss: "https://evil.test" }, "issuer"],
    ["for another service", { aud: "https://other.example.com" }, "audience"],
    ["for this service and another one", { aud: [audience, "https://other.example.com"] }, "audience"],
    ["of another account", { email: "robin@example.com" }, "caller"],
    ["whose mail nobody verified", { email_verified: false }, "email-unverified"],
    ["whose mail is verified as text", { email_verified: "true" }, "email-unverified"],
    ["that has expired", { iat: 1_767_590_000, exp: 1_767_593_600 }, "expired"],
    ["of tomorrow", { iat: 1_767_686_400, exp: 1_767_690_000 }, "not-yet-valid"],
  ];
  for (const [what, changes, reason] of refused)
    it(`refuses a signed token ${what}, and asks for no key`, async () => {
      expect(await check(await issuer.sign(claims(changes)))).to.deep.equal({ ok: false, reason });
      expect(issuer.fetches()).to.equal(0);
    });

  it("takes people of any verified address where nobody is expected by name", async () => {
    const people = createTokenVerifier(signInIssuer({ audience, keysUrl: issuer.keysUrl }), clock);
    const robin = await issuer.sign(claims({ email: "robin@example.com" }));
    const personal = { ok: true, email: "robin@example.com", hostedDomain: null };
    expect(await people.verify(robin)).to.deep.equal(personal);
  });

  it("tells which domain keeps the account, and none where the token says something else than a text", async () => {
    const people = createTokenVerifier(signInIssuer({ audience, keysUrl: issuer.keysUrl }), clock);
    for (const [hd, hostedDomain] of [
      ["example.com", "example.com"],
      [["example.com"], null],
      [true, null],
    ]) {
      const robin = await issuer.sign(claims({ email: "robin@example.com", hd }));
      expect(await people.verify(robin)).to.deep.include({ ok: true, hostedDomain });
    }
  });

  it("believes IAP by its own algorithm, issuer and audience alone", async () => {
    const proxy = await startTokenIssuer("ES256");
    try {
      const iapAudience = "/projects/42/locations/us-central1/services/gantry";
      const iap = createTokenVerifier(iapIssuer({ audience: iapAudience, keysUrl: proxy.keysUrl }), clock);
      const nowS = now / 1_000;
      const says = {
        iss: "https://cloud.google.com/iap",
        aud: iapAudience,
        sub: "accounts.google.com:1",
        email: "robin@example.com",
        hd: "example.com",
        iat: nowS,
        exp: nowS + 600,
      };
      expect(await iap.verify(await proxy.sign(says))).to.deep.equal({
        ok: true,
        email: "robin@example.com",
        hostedDomain: "example.com",
      });
      const elsewhere = await proxy.sign({ ...says, aud: "/projects/42/global/backendServices/7" });
      expect(await iap.verify(elsewhere)).to.deep.equal({ ok: false, reason: "audience" });
      const google = await proxy.sign({ ...says, iss: "https://accounts.google.com" });
      expect(await iap.verify(google)).to.deep.equal({ ok: false, reason: "issuer" });
      expect(await iap.verify(await issuer.sign(says))).to.deep.equal({ ok: false, reason: "algorithm" });
    } finally {
      await proxy.close();
    }
  });

  describe("and the issuer's keys", () => {
    it("are fetched again when they are as old as the answer said", async () => {
      await check(await issuer.sign(claims()));
      now += 599_000;
      await check(await issuer.sign(claims()));
      expect(issuer.fetches()).to.equal(1);
      now += 1_000;
      expect(await check(await issuer.sign(claims()))).to.deep.equal(believed);
      expect(issuer.fetches()).to.equal(2);
    });

    const ages: readonly [string, string | null, Record<string, string>, number][] = [
      ["the age that a cache between added", "public, max-age=600", { age: "500" }, 100_000],
      ["a minute where the answer says less", "max-age=0", {}, keyLimits.minFreshMs],
      ["a day where the answer says more", "max-age=999999999", {}, keyLimits.maxFreshMs],
      ["five minutes where it says nothing", null, {}, keyLimits.defaultFreshMs],
      ["five minutes where it says something else", "s-maxage=5, no-transform", {}, keyLimits.defaultFreshMs],
    ];
    for (const [what, cacheControl, headers, freshMs] of ages)
      it(`are kept for ${what}`, async () => {
        Object.assign(issuer.answering, { cacheControl, headers });
        await check(await issuer.sign(claims()));
        now += freshMs - 1;
        await check(await issuer.sign(claims()));
        expect(issuer.fetches()).to.equal(1);
        now += 1;
        await check(await issuer.sign(claims()));
        expect(issuer.fetches()).to.equal(2);
      });

    it("are asked for once more when a token names a new one, and not before a minute is over", async () => {
      await check(await issuer.sign(claims()));
      await issuer.rotate();
      const renewed = await issuer.sign(claims());
      expect(await check(renewed)).to.deep.equal({ ok: false, reason: "key-unknown" });
      now += keyLimits.unknownEveryMs;
      expect(await check(renewed)).to.deep.equal(believed);
      expect(issuer.fetches()).to.equal(2);
    });

    it("are asked for no oftener however many keys are made up", async () => {
      await check(await issuer.sign(claims()));
      now += keyLimits.unknownEveryMs;
      for (let guess = 0; guess < 50; guess += 1) {
        const verdict = await check(await issuer.sign(claims(), { kid: `made-up-${guess}` }));
        expect(verdict).to.deep.equal({ ok: false, reason: "key-unknown" });
      }
      expect(issuer.fetches()).to.equal(2);
    });

    it("are forgotten when the issuer withdraws them", async () => {
      const old = await issuer.sign(claims());
      expect(await check(old)).to.deep.equal(believed);
      await issuer.rotate({ keepOld: false });
      now += 600_000;
      expect(await check(old)).to.deep.equal({ ok: false, reason: "key-unknown" });
    });

    const failures: readonly [string, () => void, RegExp][] = [
      ["an error", () => Object.assign(issuer.answering, { status: 500 }), /^127\.0\.0\.1:\d+: HTTP 500$/],
      ["no JSON", () => Object.assign(issuer.answering, { body: "<html>" }), /JSON/],
      [
        "no keys",
        () => Object.assign(issuer.answering, { body: '{"keys":[]}' }),
        /it holds no key for RS256/,
      ],
      [
        "too much",
        () => Object.assign(issuer.answering, { body: "x".repeat(keyLimits.maxBytes + 1) }),
        /longer than 262144 bytes/,
      ],
      [
        "another address",
        () => Object.assign(issuer.answering, { status: 302, headers: { location: "http://127.0.0.1:1/" } }),
        /redirect/,
      ],
    ];
    for (const [what, break_, why] of failures)
      it(`that cannot be had (${what}) leave the question open, and are asked for again after a pause`, async () => {
        break_();
        const token = await issuer.sign(claims());
        const verdict = await check(token);
        expect(verdict).to.include({ ok: false, reason: "keys-unavailable" });
        expect(verdict).to.have.property("why").that.matches(why);
        expect(await check(token)).to.include({ reason: "keys-unavailable" });
        expect(issuer.fetches()).to.equal(1);
        Object.assign(issuer.answering, { status: 200, body: null, headers: {} });
        now += keyLimits.retryEveryMs;
        expect(await check(token)).to.deep.equal(believed);
      });

    it("are believed for an hour more while the issuer is away, and no longer", async () => {
      await check(await issuer.sign(claims()));
      issuer.answering.status = 503;
      now += 600_000 + keyLimits.staleMs - 1;
      expect(await check(await issuer.sign(claims()))).to.deep.equal(believed);
      now += keyLimits.retryEveryMs;
      expect(await check(await issuer.sign(claims()))).to.include({ reason: "keys-unavailable" });
    });

    it("are waited for no longer than the limit", async () => {
      issuer.answering.hang = true;
      const limits = { ...keyLimits, fetchMs: 100 };
      const hasty = createTokenVerifier(
        pushIssuer({ audience, account, keysUrl: issuer.keysUrl }),
        clock,
        limits,
      );
      const verdict = await hasty.verify(await issuer.sign(claims()));
      expect(verdict).to.include({ ok: false, reason: "keys-unavailable" });
      expect(verdict)
        .to.have.property("why")
        .that.matches(/timeout/);
    });

    it("for another use, of another kind, or with their secret are never used", async () => {
      const { publicKey: elliptic } = await generateKeyPair("ES256", { extractable: true });
      const { privateKey } = await generateKeyPair("RS256", { extractable: true });
      const secret = await generateSecret("HS256", { extractable: true });
      issuer.publish({ ...(await exportJWK(elliptic)), kid: "elliptic" });
      issuer.publish({ ...(await exportJWK(privateKey)), kid: "private" });
      issuer.publish({ ...(await exportJWK(secret)), kid: "secret" });
      issuer.publish({ ...issuer.publicJwk(), use: "enc", kid: "enc" });
      for (const kid of ["elliptic", "private", "secret", "enc"]) {
        const payload = new TextEncoder().encode(JSON.stringify(claims()));
        const token = await new CompactSign(payload)
          .setProtectedHeader({ alg: "RS256", kid })
          .sign(privateKey);
        expect(await check(token), kid).to.deep.equal({ ok: false, reason: "key-unknown" });
      }
    });
  });
});
