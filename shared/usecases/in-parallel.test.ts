import { expect } from "chai";
import { inParallel } from "./in-parallel.ts";

describe("inParallel()", () => {
  it("does the work for every item, never more than so many at a time", async () => {
    let now = 0;
    let most = 0;
    const done: number[] = [];
    await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      done.push(item);
    });
    expect(done.sort()).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
    expect(most).to.equal(3);
  });

  it("is over at once where there is nothing to do, and rejects as the first that does", async () => {
    await inParallel([], 3, () => Promise.reject(new Error("never")));
    const failing = inParallel([1, 2], 2, (item) => Promise.reject(new Error(`item ${item}`)));
    expect(await failing.catch((error: Error) => error.message)).to.equal("item 1");
  });
});
