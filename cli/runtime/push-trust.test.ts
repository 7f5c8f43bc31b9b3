import { expect } from "chai";
import type { SentHeaders } from "../../shared/ports/identity-tokens.ts";
import { realClock } from "../../test/support/real-clock.ts";
import { googleClaims, startTokenIssuer } from "../../test/support/token-issuer.ts";
import { pushTrust } from "./push-trust.ts";

describe("pushTrust()", () => {
  it("trusts nobody where nobody is named, save beside the emulator, which signs nothing", async () => {
    const verdict = async (isEmulated: boolean) =>
      (await pushTrust({ push: null, isEmulated }, realClock)({ authorization: ["Bearer x"] })).verdict;
    expect(await verdict(false)).to.equal("refused");
    expect(await verdict(true)).to.equal("trusted");
  });

  it("trusts no push without a token where an account is named, beside the emulator too", async () => {
    const push = { account: "push@p.iam.gserviceaccount.com", audience: "https://f", keysUrl: null };
    for (const isEmulated of [true, false]) {
      const trust = pushTrust({ push, isEmulated }, realClock);
      for (const authorization of [
        [],
        [""],
        ["Basic eA=="],
        ["Bearer "],
        ["Bearer x"],
        ["Bearer x", "Bearer y"],
      ])
        expect((await trust({ authorization })).verdict).to.equal("refused");
    }
  });

  it("takes a removed signature for checked behind IAM alone, and only where IAM checked no other header instead", async () => {
    const audience = "https://gantry-verify-42.us-central1.run.app";
    const account = "gantry-push@perkie.iam.gserviceaccount.com";
    const signer = await startTokenIssuer();
    const atS = Math.floor(realClock.now() / 1_000);
    const signed = await signer.sign(googleClaims({ audience, email: account, atS }));
    const removed = signed.replace(/[^.]+$/, "SIGNATURE_REMOVED_BY_GOOGLE");
    const push = { account, audience, keysUrl: signer.keysUrl };
    const verdict = async (isBehindIam: boolean, headers: SentHeaders) =>
      (await pushTrust({ push, isEmulated: false, isBehindIam }, realClock)(headers)).verdict;
    const authorization = [`Bearer ${removed}`];
    expect(await verdict(true, { authorization })).to.equal("trusted");
    expect(await verdict(false, { authorization })).to.equal("refused");
    for (const checked of [["Bearer e30.e30.SIGNATURE_REMOVED_BY_GOOGLE"], [""], ["", ""], []])
      expect(await verdict(true, { authorization, "x-serverless-authorization": checked })).to.equal(
        "refused",
      );
    await signer.close();
  });
});
