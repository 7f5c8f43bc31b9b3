import { expect } from "chai";
import type { Work } from "../../shared/domain/work.ts";
import { commitOf, work as fixtureWork, monday, releaseId } from "../../test/support/fixtures.ts";
import { functionHarness } from "../../test/support/function-harness.ts";
import { settle } from "../../test/support/manual-clock.ts";
import { Sweeper } from "./sweeper.ts";

const second = 1_000;
const hour = 3_600 * second;

/** A sweeper, the times at which it swept, and a store that owes what a test says. */
function sweeperHarness() {
  const harness = functionHarness();
  const { deps, clock } = harness;
  const swept: number[] = [];
  let nextDueAt = () => deps.store.nextDueAt();
  const store = new Proxy(deps.store, {
    get: (target, name) => {
      if (name === "nextDueAt") return () => nextDueAt();
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const bus = {
    ...deps.bus,
    publish: async () => {
      swept.push((clock.now() - monday) / second);
    },
  };
  let version = 0;
  const owe = async (...works: readonly Partial<Work>[]): Promise<void> => {
    const owed = works.map((changes, n) => fixtureWork({ of: `${version}-${n}`, ...changes }));
    await deps.store.commit(commitOf({ expectedVersion: version, owed }));
    version += 1;
  };
  const sweeper = new Sweeper({ ...deps, store, bus });
  const answerWith = (answer: typeof nextDueAt): void => {
    nextDueAt = answer;
  };
  return { ...harness, sweeper, swept, owe, answerWith };
}

describe("Sweeper", () => {
  it("sleeps without a timer while nothing is owed", async () => {
    const { sweeper, clock, swept } = sweeperHarness();
    sweeper.look();
    await clock.advance(24 * hour);
    expect(clock.sleeping).to.equal(0);
    expect(swept).to.deep.equal([]);
  });

  it("sweeps when work falls due, and every second for as long as nobody takes it", async () => {
    const { sweeper, clock, swept, owe } = sweeperHarness();
    await owe({ dueAt: monday + 30 * second });
    sweeper.look();
    await clock.advance(33 * second);
    expect(swept).to.deep.equal([30, 31, 32, 33]);
    sweeper.stop();
  });

  it("sweeps earlier when a commit brings earlier work", async () => {
    const { sweeper, clock, swept, owe } = sweeperHarness();
    await owe({ dueAt: monday + hour });
    sweeper.look();
    await settle();
    await owe({ dueAt: monday + 5 * second }, { dueAt: monday + hour });
    sweeper.look();
    await clock.advance(5 * second);
    expect(swept).to.deep.equal([5]);
    sweeper.stop();
  });

  it("sweeps overdue work within a second, however many commits come meanwhile", async () => {
    const { sweeper, clock, swept, owe } = sweeperHarness();
    await owe({ dueAt: monday });
    for (let commit = 0; commit < 20; commit += 1) {
      sweeper.look();
      await clock.advance(100);
    }
    expect(swept).to.deep.equal([1, 2]);
    sweeper.stop();
  });

  it("waits for the lease of work that somebody has claimed", async () => {
    const { sweeper, deps, clock, swept, owe } = sweeperHarness();
    await owe({ dueAt: monday });
    const id = `${releaseId()}/start-build/0-0`;
    await deps.store.claimWork({ id, owner: "other", now: monday, leaseMs: 30 * second });
    sweeper.look();
    await clock.advance(29 * second);
    expect(swept).to.deep.equal([]);
    await clock.advance(1 * second);
    expect(swept).to.deep.equal([30]);
    sweeper.stop();
  });

  it("sleeps far ahead in parts, for a timer overflows after 24.8 days", async () => {
    const { sweeper, clock, swept, owe } = sweeperHarness();
    await owe({ dueAt: monday + 40 * 24 * hour });
    sweeper.look();
    await clock.advance(2 * hour);
    expect(swept).to.deep.equal([]);
    expect(clock.sleeping).to.equal(1);
    await clock.advance(40 * 24 * hour - 2 * hour);
    expect(swept).to.deep.equal([40 * 24 * 3_600]);
    sweeper.stop();
  });

  it("looks again by itself when the store could not be asked", async () => {
    const { sweeper, deps, clock, swept, owe, lines, answerWith } = sweeperHarness();
    await owe({ dueAt: monday });
    answerWith(() => Promise.reject(new Error("locked")));
    sweeper.look();
    await clock.advance(500);
    expect(lines.at(-1)).to.include({ level: "error", message: "Could not look for due work; trying again" });
    answerWith(() => deps.store.nextDueAt());
    await clock.advance(2 * second);
    expect(swept).to.have.length.at.least(1);
    sweeper.stop();
  });

  it("goes on when a sweep could not be published", async () => {
    const { deps, clock, lines } = functionHarness();
    await deps.store.commit(commitOf({ owed: [fixtureWork({ dueAt: monday })] }));
    const bus = { ...deps.bus, publish: () => Promise.reject(new Error("locked")) };
    const sweeper = new Sweeper({ ...deps, bus });
    sweeper.look();
    await clock.advance(3 * second);
    const complaints = lines.filter(({ message }) => message === "Could not publish a sweep; trying again");
    expect(complaints).to.have.length(3);
    sweeper.stop();
  });

  it("looks once more when it was asked to while it was looking", async () => {
    const { sweeper, clock, swept, owe, answerWith } = sweeperHarness();
    await owe({ dueAt: monday });
    let answer: (at: number | null) => void = () => undefined;
    answerWith(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    sweeper.look();
    sweeper.look();
    answerWith(async () => monday + 2 * second);
    answer(null);
    await clock.advance(2 * second);
    expect(swept).to.deep.equal([2]);
    sweeper.stop();
  });

  it("does nothing more once stopped", async () => {
    const { sweeper, clock, swept, owe } = sweeperHarness();
    await owe({ dueAt: monday + second });
    sweeper.look();
    await settle();
    sweeper.stop();
    sweeper.look();
    await clock.advance(hour);
    expect(swept).to.deep.equal([]);
    expect(clock.sleeping).to.equal(0);
  });
});
