import { expect } from "chai";
import type { Timestamp } from "../../shared/domain/ids.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { Sweeper } from "./sweeper.ts";

/** A sweeper over a store of which only the next due time is known; it counts the sweeps that are published. */
function sweeping() {
  const clock = new ManualClock(0);
  const known: { nextDueAt: Timestamp | null; sweptAt: Timestamp[] } = { nextDueAt: null, sweptAt: [] };
  const deps = {
    clock,
    store: { nextDueAt: async () => known.nextDueAt },
    bus: {
      publish: async () => {
        known.sweptAt.push(clock.now());
      },
    },
    log: { error: () => undefined },
  };
  const sweeper = new Sweeper(deps as unknown as Deps);
  return { clock, known, sweeper };
}

describe("Sweeper", () => {
  it("sweeps when the next work falls due, and not before", async () => {
    const { clock, known, sweeper } = sweeping();
    known.nextDueAt = 5_000;
    sweeper.look();
    await clock.advance(4_999);
    expect(known.sweptAt).to.deep.equal([]);
    known.nextDueAt = null;
    await clock.advance(1);
    expect(known.sweptAt).to.deep.equal([5_000]);
    sweeper.stop();
  });

  it("sweeps for overdue work within a second, however often others commit", async () => {
    const { clock, known, sweeper } = sweeping();
    known.nextDueAt = -1;
    for (let commit = 0; commit < 30; commit += 1) {
      sweeper.look();
      await clock.advance(100);
    }
    expect(known.sweptAt).to.deep.equal([1_000, 2_000, 3_000]);
    sweeper.stop();
  });

  it("sweeps earlier when earlier work comes up, later when that is gone, and never while nothing is owed", async () => {
    const { clock, known, sweeper } = sweeping();
    for (const at of [60_000, 10_000, 20_000]) {
      known.nextDueAt = at;
      sweeper.look();
      await clock.advance(1);
    }
    await clock.advance(15_000);
    expect(known.sweptAt).to.deep.equal([]);
    known.nextDueAt = null;
    sweeper.look();
    await clock.advance(100_000);
    expect(known.sweptAt).to.deep.equal([]);
    expect(clock.sleeping).to.equal(0);
  });

  it("does not sleep once it is stopped", async () => {
    const { clock, known, sweeper } = sweeping();
    known.nextDueAt = 5_000;
    sweeper.look();
    await clock.advance(1);
    sweeper.stop();
    await clock.advance(10_000);
    expect(known.sweptAt).to.deep.equal([]);
  });
});
