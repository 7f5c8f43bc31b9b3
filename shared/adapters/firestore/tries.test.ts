import { expect } from "chai";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { AppError } from "../../ports/app-error.ts";
import { Tries } from "./tries.ts";

function rpcError(code: number, message = "the server's own words"): Error {
  return Object.assign(new Error(message), { code });
}

function setUp() {
  const clock = new ManualClock();
  const tries = new Tries({ clock, doing: "commit to api", totalMs: 10_000 });
  /** Lets time pass until the next try, or until it is given up. */
  const again = async (error: unknown): Promise<unknown> => {
    const answer = tries.again(error).then(
      () => "again",
      (given: unknown) => given,
    );
    await clock.advance(5_000);
    return answer;
  };
  return { again };
}

describe("the tries of one operation on Firestore", () => {
  for (const code of [1, 2, 4, 8, 10, 13, 14, 16])
    it(`go on after code ${code}, whatever the text says, until the time is up`, async () => {
      const { again } = setUp();
      expect(await again(rpcError(code, "entity already exists"))).to.equal("again");
      expect(await again(rpcError(code, "PERMISSION_DENIED"))).to.equal("again");
      const given = await again(rpcError(code));
      expect(given).to.be.instanceOf(AppError).and.to.include({ code: "store-unavailable", transient: true });
      expect(String(given)).to.contain(
        "could not commit to api: the server's own words. Traffic stays as it is",
      );
    });

  for (const [code, next] of [
    [7, "roles/datastore.user"],
    [3, "report it"],
  ] as const)
    it(`end at once at code ${code}, and say what to do`, async () => {
      const given = await setUp().again(rpcError(code));
      expect(given).to.include({ code: "store-unavailable", transient: false });
      expect(String(given)).to.contain(next);
    });

  for (const code of [5, 6, 9])
    it(`read again after code ${code}, 25 times, and then call it contended`, async () => {
      const { again } = setUp();
      for (let n = 0; n < 25; n += 1) expect(await again(rpcError(code))).to.equal("again");
      expect(await again(rpcError(code))).to.include({ code: "store-contended", transient: true });
    });

  it("hand on what is no answer of the API", async () => {
    const bug = new TypeError("not a function");
    expect(await setUp().again(bug)).to.equal(bug);
  });
});
