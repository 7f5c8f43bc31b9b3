import { expect } from "chai";
import type { JsonValue } from "../../shared/domain/release-config.ts";
import { type OutgoingMessage, topics } from "../../shared/ports/bus.ts";
import type { Commit } from "../../shared/ports/store.ts";
import { commitOf, monday, numberedService, serviceKey, work } from "../support/fixtures.ts";
import { sharedFirestore, uniqueProject } from "../support/google-emulators.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { firestoreEngine, silentLog } from "./firestore-engine.ts";

const key = serviceKey();
const later = monday + 60_000;

function fact(n: JsonValue): OutgoingMessage {
  return { topic: topics.events, id: null, data: n, attributes: { service: key } };
}

function handOff(): OutgoingMessage {
  return { topic: topics.work.verify, id: "first", data: "hand-off", attributes: { service: key } };
}

function nth(n: number, ...messages: OutgoingMessage[]): Commit {
  return commitOf({ expectedVersion: n - 1, events: [], messages });
}

/** Whether it is settled as far as things stand. */
async function isOver(promise: Promise<unknown>): Promise<boolean> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  promise.then(end, end);
  await settle();
  return over;
}

describe("the messages of commits on Firestore", () => {
  let host: string;
  let project: string;
  before(async function () {
    ({ host } = await sharedFirestore(this));
  });
  beforeEach(() => {
    project = uniqueProject();
  });

  /** A process of its own on the same database; while `isAway`, nothing can be published, and nothing before `until`. */
  const process = () => {
    const sent: OutgoingMessage[] = [];
    const warned: string[] = [];
    const bus = { isAway: false, writes: 0, until: Promise.resolve() };
    const clock = new ManualClock(monday);
    const { engine } = firestoreEngine(host, {
      project,
      clock,
      log: { ...silentLog, warn: (_fields, message) => void warned.push(message) },
      observe: ({ kind }) => {
        if (kind === "write") bus.writes += 1;
      },
      publish: async (messages) => {
        await bus.until;
        if (bus.isAway) throw new Error("Pub/Sub is away");
        sent.push(...messages);
      },
    });
    const data = () => sent.map((message) => message.data);
    /** From now on nothing can be published until the answer is called. */
    const holdUp = (): (() => void) => {
      let goOn = (): void => undefined;
      bus.until = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      return goOn;
    };
    return { ...engine, bus, clock, sent, warned, data, holdUp };
  };
  type Process = ReturnType<typeof process>;
  const left = (by: Process, now = later) => by.outbox.publishLeft({ now, limit: 10 });
  const closeAll = (...all: readonly Process[]) => Promise.all(all.map(({ close }) => close()));

  /** Gets a hand-off and claims the work, whose write tells of all that it heard. */
  async function takesUp(by: Process, handedOff: OutgoingMessage | undefined, id: string): Promise<void> {
    by.outbox.heard(handedOff?.attributes ?? {});
    await by.store.load(key);
    await by.store.claimWork({ id, owner: "two", now: monday, leaseMs: 1_000 });
    await by.outbox.settle();
    expect(by.bus.writes, "only the claim").to.equal(1);
  }

  it("that could not be published stand with their commit, and are published by the next sweep, in order, once", async () => {
    const [one, two] = [process(), process()];
    one.bus.isAway = true;
    expect(await one.store.commit(nth(1, fact(1), fact(2)))).to.include({ outcome: "committed" });
    await one.store.commit(nth(2, fact(3)));
    await one.outbox.settle();
    expect(await left(two)).to.equal(2);
    expect(two.data()).to.deep.equal([1, 2, 3]);
    expect(await left(two)).to.equal(0);
    await closeAll(one, two);
  });

  it("are left to who commits for half a minute", async () => {
    const [one, two] = [process(), process()];
    one.bus.isAway = true;
    await one.store.commit(nth(1, fact(1)));
    expect(await left(two, monday + 29_999)).to.equal(0);
    expect(await left(two, monday + 30_000)).to.equal(1);
    await closeAll(one, two);
  });

  it("that a process published before it died, unsettled, come again rather than never", async () => {
    const [one, two] = [process(), process()];
    await one.store.commit(nth(1, fact(1)));
    expect(await left(two)).to.equal(1);
    expect([...one.data(), ...two.data()]).to.deep.equal([1, 1]);
    await closeAll(one, two);
  });

  it("are not published again once their process settled, which writes at most once", async () => {
    const [one, two] = [process(), process()];
    await one.store.commit(nth(1, fact(1)));
    await one.store.commit(nth(2, fact(2)));
    await one.outbox.settle();
    await one.outbox.settle();
    expect(one.bus.writes).to.equal(3);
    expect(await left(two)).to.equal(0);
    await closeAll(one, two);
  });

  it("need no write of their own where a claim writes the same document anyway", async () => {
    const [one, two] = [process(), process()];
    const piece = work();
    await one.store.commit({ ...nth(1, fact(1)), owed: [piece] });
    await settle(); // by now it is published
    await one.store.claimWork({ id: piece.id, owner: "one", now: monday, leaseMs: 1_000 });
    await one.outbox.settle();
    expect(one.bus.writes).to.equal(2);
    expect(await left(two)).to.equal(0);
    await closeAll(one, two);
  });

  it("go out before the hand-off of their commit, and whoever gets it writes that down", async () => {
    const [one, two, three] = [process(), process(), process()];
    const piece = work();
    await one.store.commit({ ...nth(1, handOff(), fact(1)), owed: [piece] });
    await one.outbox.settle();
    expect(one.data()).to.deep.equal([1, "hand-off"]);
    expect(one.bus.writes, "only the commit").to.equal(1);
    await takesUp(two, one.sent[1], piece.id);
    expect(await left(three)).to.equal(0);
    await closeAll(one, two, three);
  });

  it("of a commit in between, which another process could not publish, keep those after it from being forgotten", async () => {
    const [one, two, three] = [process(), process(), process()];
    one.bus.isAway = true;
    await one.store.commit(nth(1, fact(1)));
    await two.store.load(key);
    await two.store.commit(nth(2, fact(2)));
    await two.outbox.settle();
    expect(await left(three)).to.equal(2);
    expect(three.data()).to.deep.equal([1, 2]);
    await closeAll(one, two, three);
  });

  it("wait when they cannot be published by the sweep either, and no service waits for another's", async () => {
    const [one, two] = [process(), process()];
    one.bus.isAway = true;
    await one.store.commit(nth(1, fact(1)));
    await one.store.commit(commitOf({ service: numberedService(2), events: [], messages: [fact(2)] }));
    two.bus.isAway = true;
    const refused = await left(two).then(
      () => null,
      (error: unknown) => String(error),
    );
    expect(refused).to.contain("Pub/Sub is away");
    two.bus.isAway = false;
    expect(await left(two)).to.equal(2);
    expect(two.data()).to.have.members([1, 2]);
    await closeAll(one, two);
  });

  it("hold no commit up while Pub/Sub does not answer; only settling waits for them", async () => {
    const [one, two] = [process(), process()];
    const goOn = one.holdUp();
    expect(await one.store.commit(nth(1, fact(1)))).to.include({ outcome: "committed" });
    expect(await one.store.commit(nth(2, fact(2)))).to.include({ outcome: "committed" });
    const settled = one.outbox.settle();
    expect(await isOver(settled)).to.equal(false);
    expect(one.data()).to.deep.equal([]);
    goOn();
    await settled;
    expect(one.data()).to.deep.equal([1, 2]);
    expect(await left(two)).to.equal(0);
    await closeAll(one, two);
  });

  it("go out in the order of the commits of their service, and no service waits for another's", async () => {
    const one = process();
    const goOn = one.holdUp();
    await one.store.commit(nth(1, handOff(), fact(1)));
    one.bus.until = Promise.resolve();
    await one.store.commit(nth(2, fact(2)));
    await one.store.commit(commitOf({ service: numberedService(2), events: [], messages: [fact(3)] }));
    await settle();
    expect(one.data()).to.deep.equal([3]);
    goOn();
    await one.outbox.settle();
    expect(one.data()).to.deep.equal([3, 1, "hand-off", 2]);
    await closeAll(one);
  });

  it("that fail are told to the log, and those after them go out all the same", async () => {
    const one = process();
    one.bus.isAway = true;
    await one.store.commit(nth(1, fact(1)));
    await settle();
    one.bus.isAway = false;
    await one.store.commit(nth(2, fact(2)));
    await one.outbox.settle();
    expect(one.warned).to.deep.equal(["Could not publish the messages of a commit; the sweep does"]);
    expect(one.data()).to.deep.equal([2]);
    await closeAll(one);
  });

  it("that waited for half a minute for those before them are the sweep's", async () => {
    const [one, two] = [process(), process()];
    const goOn = one.holdUp();
    await one.store.commit(nth(1, fact(1)));
    await one.store.commit(nth(2, fact(2)));
    await one.clock.advance(30_000);
    goOn();
    await one.outbox.settle();
    expect(one.data()).to.deep.equal([1]);
    expect(one.warned).to.have.length(1);
    expect(await left(two)).to.equal(1);
    expect(two.data()).to.deep.equal([2]);
    await closeAll(one, two);
  });

  it("of an earlier commit, on their way when the next was made, are known to whoever gets its hand-off", async () => {
    const [one, two, three] = [process(), process(), process()];
    const goOn = one.holdUp();
    const piece = work();
    await one.store.commit(nth(1, fact(1)));
    await one.store.commit({ ...nth(2, handOff()), owed: [piece] });
    goOn();
    await one.outbox.settle();
    expect(one.bus.writes, "only the commits").to.equal(2);
    await takesUp(two, one.sent[1], piece.id);
    expect(await left(three)).to.equal(0);
    await closeAll(one, two, three);
  });

  it("are waited for no longer than somebody can wait, and go on after that", async () => {
    const [one, two] = [process(), process()];
    await one.outbox.settleWithin(0);
    expect(one.warned).to.deep.equal([]);
    const goOn = one.holdUp();
    await one.store.commit(nth(1, fact(1)));
    const waited = one.outbox.settleWithin(3_000);
    await one.clock.advance(2_999);
    expect(await isOver(waited)).to.equal(false);
    await one.clock.advance(1);
    await waited;
    expect(one.warned).to.have.length(1);
    goOn();
    await one.outbox.settleWithin(3_000);
    expect(one.warned).to.have.length(1);
    expect(one.clock.sleeping).to.equal(0);
    expect(await left(two)).to.equal(0);
    await closeAll(one, two);
  });
});
