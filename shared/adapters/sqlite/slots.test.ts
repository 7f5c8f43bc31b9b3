import { expect } from "chai";
import { grantSlots } from "./slots.ts";

describe("grantSlots()", () => {
  const grant = (demands: readonly (readonly [string, number, boolean])[], concurrency: number, turn = 0) =>
    Object.fromEntries(
      grantSlots({
        demands: demands.map(([name, running, waiting]) => ({ name, running, waiting })),
        concurrency,
        turn,
      }),
    );

  it("gives a lone waiter all that the others do not have for themselves", () => {
    expect(grant([["a", 0, true]], 64)).to.deep.equal({ a: 64 });
    expect(
      grant(
        [
          ["a", 0, true],
          ["b", 0, false],
        ],
        64,
      ),
    ).to.deep.equal({ a: 48 });
  });

  it("shares equally between those who wait", () => {
    expect(
      grant(
        [
          ["a", 0, true],
          ["b", 0, true],
        ],
        64,
      ),
    ).to.deep.equal({ a: 32, b: 32 });
  });

  it("keeps a part free for a subscription while another one has taken all it can", () => {
    expect(
      grant(
        [
          ["slow", 48, true],
          ["b", 0, true],
        ],
        64,
      ),
    ).to.deep.equal({ slow: 0, b: 16 });
  });

  it("gives the odd slot to each in turn", () => {
    const demands = [
      ["a", 0, true],
      ["b", 0, true],
    ] as const;
    expect(grant(demands, 5, 0)).to.deep.equal({ a: 3, b: 2 });
    expect(grant(demands, 5, 1)).to.deep.equal({ a: 2, b: 3 });
  });

  it("gives one slot each where there are more subscriptions than slots", () => {
    expect(
      grant(
        [
          ["a", 0, true],
          ["b", 0, true],
          ["c", 1, true],
        ],
        2,
      ),
    ).to.deep.equal({ a: 1, b: 1, c: 0 });
  });

  it("never grants more than is free", () => {
    for (let running = 0; running <= 64; running += 1) {
      const granted = grant(
        [
          ["a", running, true],
          ["b", 0, true],
          ["c", 3, true],
        ],
        64,
      );
      const total = Object.values(granted).reduce((sum, each) => sum + each, 0);
      expect(total + Math.min(running, 44) + 3).to.be.at.most(64 + Math.max(0, running - 44));
    }
  });
});
