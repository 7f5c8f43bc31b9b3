import { expect } from "chai";
import { subscriptions } from "../../functions/subscriptions.ts";
import type { StoreCall } from "../../shared/adapters/firestore/firestore-database.ts";
import { type OutgoingMessage, topics } from "../../shared/ports/bus.ts";
import { requestMessage } from "../../shared/usecases/messages.ts";
import {
  buildSnapshot,
  functionHarness,
  gantryYaml,
  releaseRequest,
  succeeded,
} from "../support/function-harness.ts";
import { firstRelease } from "../support/function-story.ts";
import { sharedFirestore, uniqueProject } from "../support/google-emulators.ts";
import { firestoreEngine } from "./firestore-engine.ts";
import { delivered, onFirestore } from "./function-play.ts";

const onTheWay = ["build", "deploy", "verify", "rollout"] as const;

/** What one release costs, from the request to the fact that it is live, and after that. */
type Bill = {
  hops: number;
  reads: number;
  writes: number;
  heartbeats: number;
  after: number;
  documents: number;
};

/**
 * Plays a release through the functions, each a process of its own on one database, as Pub/Sub would call them. Counted are
 * calls of the API: a read is one BatchGetDocuments, RunQuery or RunAggregationQuery; a write is one Commit, however many
 * documents it writes at once.
 */
async function play(host: string, config: string): Promise<Bill> {
  const harness = functionHarness({ settings: { sliceMs: 30_000, leaseMs: 30_000 } });
  harness.world.files.set("gantry.yaml", config);
  const queue: OutgoingMessage[] = [];
  const bill: Bill = { hops: 0, reads: 0, writes: 0, heartbeats: 0, after: 0, documents: 0 };
  let isLive = false;
  const count = ({ kind, documents, doing }: StoreCall): void => {
    if (kind === "write") bill.documents += documents;
    if (doing === "renew a claim") bill.heartbeats += 1;
    else if (isLive) bill.after += 1;
    else if (kind === "read") bill.reads += 1;
    else bill.writes += 1;
  };
  const publish = async (messages: readonly OutgoingMessage[]): Promise<void> => {
    isLive ||= messages.some(({ attributes }) => attributes["type"] === "release-live");
    queue.push(...messages.filter(({ topic }) => topic !== topics.events));
  };
  const project = uniqueProject();
  const processes = onTheWay.map((name) => {
    const { engine } = firestoreEngine(host, { project, clock: harness.clock, observe: count, publish });
    const { deps, outbox, settled } = onFirestore(harness, engine);
    const own = subscriptions(deps).filter((each) => each.name.startsWith(`${name}-`));
    return { engine, outbox, settled, own };
  });
  queue.push(requestMessage(releaseRequest()));
  harness.world.start = async () => {
    harness.world.build = async () => succeeded();
    const data = { id: "build-1", tags: [`gantry-release-${firstRelease}`] };
    queue.push({ topic: topics.builds, id: null, data, attributes: {} });
    return { outcome: "started", build: buildSnapshot() };
  };
  for (let message = queue.shift(); message !== undefined; message = queue.shift()) {
    for (const { engine, outbox, settled, own } of processes) {
      const subscription = own.find(({ topic }) => topic === message?.topic);
      if (subscription === undefined) continue;
      bill.hops += 1;
      engine.outbox.heard(message.attributes);
      await settled(subscription.handler(delivered(message)));
      await settled(outbox.settle());
    }
  }
  expect(isLive).to.equal(true);
  await Promise.all(processes.map(({ engine }) => engine.close()));
  return bill;
}

/** Each hold and the bake fit into one slice of watching: a longer one costs a write a slice. */
const twoSteps = gantryYaml().replace("hold: 1m", "hold: 20s").replace("bake: 1m", "bake: 20s");
const oneStep = twoSteps.replace("{ traffic: 10%, hold: 20s }, ", "");

describe("a release on Firestore", () => {
  let host: string;
  before(async function () {
    ({ host } = await sharedFirestore(this));
  });

  it("that goes straight to 100 % is live after at most 4 hops, 12 writes and 12 reads", async () => {
    const bill = await play(host, oneStep);
    console.log(
      `      ${Object.entries(bill)
        .map(([what, count]) => `${what} ${count}`)
        .join(", ")}`,
    );
    expect(bill.hops).to.be.at.most(4);
    expect(bill.writes).to.be.at.most(12);
    expect(bill.reads).to.be.at.most(12);
    expect(bill.after, "tidied away, and written down that all was published").to.be.at.most(2);
  });

  it("costs two writes more for each further step, one before and one after the traffic, and no read", async () => {
    const [one, two] = await Promise.all([play(host, oneStep), play(host, twoSteps)]);
    expect(two).to.include({ hops: one.hops, writes: one.writes + 2, after: one.after });
    expect(two.reads).to.equal(one.reads);
  });
});
