import { expect } from "chai";
import { realClock } from "../../test/support/real-clock.ts";
import { pushTrust } from "./push-trust.ts";

describe("pushTrust()", () => {
  it("trusts nobody where nobody is named, save beside the emulator, which signs nothing", async () => {
    const verdict = async (isEmulated: boolean) =>
      (await pushTrust({ push: null, isEmulated }, realClock)("Bearer x")).verdict;
    expect(await verdict(false)).to.equal("refused");
    expect(await verdict(true)).to.equal("trusted");
  });

  it("trusts no push without a token where an account is named, beside the emulator too", async () => {
    const push = { account: "push@p.iam.gserviceaccount.com", audience: "https://f", keysUrl: null };
    for (const isEmulated of [true, false]) {
      const trust = pushTrust({ push, isEmulated }, realClock);
      for (const authorization of [undefined, "", "Basic eA==", "Bearer ", "Bearer x"])
        expect((await trust(authorization)).verdict).to.equal("refused");
    }
  });
});
