import { expect } from "chai";
import type { FirestoreConnection } from "../../shared/adapters/firestore/connect-firestore.ts";
import { sharedFirestore } from "../support/google-emulators.ts";
import { emulatorConnection, VirtualGoogle } from "./virtual-google.ts";

const awayMs = 600_000;

/** Pub/Sub is away from when the candidate gets traffic, so also when its watch fails. */
function isPubSubAway({ run, time }: VirtualGoogle): boolean {
  const first = run.writes.find(({ after }) => after.length > 1);
  return first !== undefined && time.now() < first.at + awayMs;
}

describe("a return to stable while nothing can be published", function () {
  this.timeout(60_000);
  let real: FirestoreConnection;
  before(async function () {
    const { host } = await sharedFirestore(this);
    real = emulatorConnection(host);
  });
  after(() => real?.close());

  it("waits for no message: traffic is back a moment after the watch failed, and all is told once Pub/Sub is back", async () => {
    const world = new VirtualGoogle({ real, behaviour: "bad-under-traffic", isPubSubAway });
    world.push("v1.0.0");
    await world.pass(2 * awayMs);
    await world.rest();
    await world.check();
    const [record] = world.records;
    if (record === undefined) throw new Error("there is no release");
    expect(record.status).to.equal("rolled-back");
    const events = await world.store.releaseEvents(record.id);
    const began = events.find(({ event }) => event.type === "rollback-began");
    const back = world.run.writes.at(-1);
    expect(back?.after).to.have.length(1);
    expect((back?.at ?? 0) - (began?.event.at ?? 0)).to.be.within(1, 2_000);
    const facts = world.published.map(({ attributes }) => attributes["type"]);
    expect(facts).to.include.members(["rollback-began", "stable-restored"]);
  });
});
