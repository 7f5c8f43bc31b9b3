import { expect } from "chai";
import { googleClaims, startTokenIssuer, type TokenIssuer } from "../../../test/support/token-issuer.ts";
import { behindIam } from "./behind-iam.ts";
import { pushIssuer } from "./google-issuers.ts";
import { createTokenVerifier } from "./token-verifier.ts";

const audience = "https://gantry-build-42.us-central1.run.app";
const account = "gantry-push@perkie.iam.gserviceaccount.com";
const atS = 1_767_600_000;
const clock = { now: () => atS * 1_000, sleep: async () => undefined };

describe("behindIam()", () => {
  let signer: TokenIssuer;

  before(async () => {
    signer = await startTokenIssuer();
  });
  after(() => signer.close());

  const issuer = () => pushIssuer({ audience, account, keysUrl: signer.keysUrl });
  const strict = () => createTokenVerifier(issuer(), clock);
  const open = () => behindIam(strict(), { expected: issuer().expected, clock });

  async function withoutSignature(changes = {}): Promise<string> {
    const token = await signer.sign(googleClaims({ audience, email: account, atS }, changes));
    return token.replace(/[^.]+$/, "SIGNATURE_REMOVED_BY_GOOGLE");
  }

  it("takes what IAM has checked, without asking for keys", async () => {
    const before = signer.fetches();
    expect(await open().verify(await withoutSignature())).to.deep.equal({
      ok: true,
      email: account,
      hostedDomain: null,
    });
    expect(signer.fetches()).to.equal(before);
  });

  const cases: readonly [string, object, string][] = [
    ["another account that IAM lets in", { email: "owner@example.com" }, "caller"],
    ["a token for another function", { aud: "https://gantry-deploy-42.us-central1.run.app" }, "audience"],
    ["another issuer", { iss: "https://evil.test" }, "issuer"],
    ["an old token", { iat: atS - 7_200, exp: atS - 3_600 }, "expired"],
    ["an address that nobody verified", { email_verified: false }, "email-unverified"],
  ];
  for (const [what, changes, reason] of cases)
    it(`refuses ${what} all the same`, async () => {
      expect(await open().verify(await withoutSignature(changes))).to.deep.equal({ ok: false, reason });
    });

  it("refuses what is no token, and a signature that is wrong", async () => {
    expect(await open().verify("a.SIGNATURE_REMOVED_BY_GOOGLE")).to.deep.equal({
      ok: false,
      reason: "unreadable",
    });
    const [head, body] = (await withoutSignature()).split(".");
    expect(await open().verify(`${head}.${body}.Zm9yZ2Vk`)).to.deep.equal({ ok: false, reason: "signature" });
  });

  it("is asked for: without it no token passes whose signature is missing", async () => {
    expect(await strict().verify(await withoutSignature())).to.deep.equal({ ok: false, reason: "signature" });
  });
});
