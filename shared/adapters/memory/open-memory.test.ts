import { expect } from "chai";
import { commitOf, monday, numberedService, refusal } from "../../../test/support/fixtures.ts";
import { ManualClock, settle } from "../../../test/support/manual-clock.ts";
import { openMemory } from "./open-memory.ts";

const day = 86_400_000;

describe("openMemory()", () => {
  it("forgets ids, dead letters and refusals only when they are old enough", async () => {
    const { store, bus, prune, close } = openMemory({ clock: new ManualClock(monday) });
    const timing = { ackDeadlineMs: 1000, maxAttempts: 1, minBackoffMs: 1, maxBackoffMs: 1 };
    bus.subscribe({ name: "test", topic: "test", handler: () => Promise.reject("no"), ...timing });
    bus.start();
    const publish = async () => {
      await bus.publish([{ topic: "test", id: "once", data: null, attributes: {} }]);
      await settle();
      return (await bus.deadLetters({ limit: 9 })).length;
    };
    const commit = (n: number) => store.commit(commitOf({ service: numberedService(n), cause: "message-1" }));
    await commit(1);
    await store.recordRefusal(refusal());
    expect(await publish()).to.equal(1);
    await prune({ now: monday + 7 * day });
    expect((await commit(2)).outcome).to.equal("duplicate");
    expect(await publish()).to.equal(1);
    await prune({ now: monday + 8 * day });
    expect((await commit(2)).outcome).to.equal("committed");
    expect(await publish()).to.equal(2);
    expect(await store.refusals({ limit: 9 })).to.have.length(1);
    await prune({ now: monday + 91 * day });
    expect(await store.refusals({ limit: 9 })).to.deep.equal([]);
    expect(await bus.deadLetters({ limit: 9 })).to.deep.equal([]);
    await close();
  });
});
