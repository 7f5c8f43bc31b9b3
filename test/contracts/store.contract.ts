import { expect } from "chai";
import type { EventOf } from "../../shared/domain/events.ts";
import type { JsonValue } from "../../shared/domain/release-config.ts";
import { newService } from "../../shared/domain/service-state.ts";
import type { OutgoingMessage } from "../../shared/ports/bus.ts";
import type { Commit, Store } from "../../shared/ports/store.ts";
import {
  began,
  commitOf,
  monday,
  numberedService,
  refusal,
  releaseBasics,
  releaseConfig,
  releaseId,
  releaseRecord,
  requested,
  serviceKey,
  serviceState,
} from "../support/fixtures.ts";
import { newerStateContract } from "./newer-state.contract.ts";
import { owedWorkContract } from "./owed-work.contract.ts";

/** A fresh, empty store; `published` tells the data of every message that a subscriber of `topic` got so far. */
export type OpenedStore = Readonly<{
  store: Store;
  published: () => Promise<readonly JsonValue[]>;
  close: () => Promise<void>;
}>;

/** The topic that `published` listens to. */
export const contractTopic = "gantry-events";

export type StoreContract = Readonly<{ name: string; open: () => Promise<OpenedStore> }>;

/** What every store must do, in the words of the port. */
export function storeContract({ name, open }: StoreContract): void {
  describe(`${name} as a store`, () => {
    let opened: OpenedStore;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    describeCommits(() => store);
    describeOutbox(() => opened);
    describeLookups(() => store);
    owedWorkContract(() => store);
    newerStateContract(() => store);
  });
}

const key = serviceKey();
const second = releaseBasics({ id: releaseId("release-2"), requestedAt: monday + 1000 });

function watched(slice: number): EventOf<"watch-went-on"> {
  return { type: "watch-went-on", at: monday, releaseId: releaseId(), slice, checks: [] };
}

function followUp(changes: Partial<Commit> = {}): Commit {
  return commitOf({ expectedVersion: 1, events: [began()], ...changes });
}

function message(data: JsonValue): OutgoingMessage {
  return { topic: contractTopic, id: null, data, attributes: {} };
}

function describeCommits(current: () => Store): void {
  describe("commit", () => {
    it("gives a service that was never committed at version 0, as new", async () => {
      expect(await current().load(key)).to.deep.equal({ state: newService(key), version: 0 });
    });

    it("makes the new state readable at the version that it answers", async () => {
      const result = await current().commit(commitOf());
      expect(result).to.deep.equal({ outcome: "committed", version: 1 });
      expect(await current().load(key)).to.deep.include({ state: serviceState(), version: 1 });
    });

    it("lets the records of what is not over come along with the state as they are at its version, or not at all", async () => {
      const store = current();
      await store.commit(commitOf({ releases: [releaseRecord()] }));
      const begun = releaseRecord({ status: "deploying" });
      await store.commit(followUp({ releases: [begun] }));
      const { records } = await store.load(key);
      if (records !== undefined) expect(records).to.deep.equal([begun]);
      await store.commit(followUp({ expectedVersion: 2, state: newService(key) }));
      expect((await store.load(key)).records ?? []).to.deep.equal([]);
    });

    it("raises the version with every commit, also one without events", async () => {
      await current().commit(commitOf());
      const result = await current().commit(followUp({ events: [], cause: "message-1" }));
      expect(result).to.deep.equal({ outcome: "committed", version: 2 });
    });

    it("refuses a version that is not the latest, and writes nothing of it", async () => {
      const store = current();
      await store.commit(commitOf());
      const late = commitOf({
        events: [requested(second)],
        state: newService(key),
        releases: [releaseRecord({ id: second.id })],
        configs: [{ hash: "late", config: releaseConfig() }],
        cause: "late",
      });
      expect(await store.commit(late)).to.deep.equal({ outcome: "conflict" });
      expect(await store.commit({ ...late, expectedVersion: 7 })).to.deep.equal({ outcome: "conflict" });
      expect(await store.load(key)).to.deep.include({ state: serviceState(), version: 1 });
      expect(await store.release(second.id)).to.equal(null);
      expect(await store.config("late")).to.equal(null);
      expect(await store.releaseEvents(second.id)).to.deep.equal([]);
      expect(await store.commit({ ...late, expectedVersion: 1 })).to.have.property("outcome", "committed");
    });

    it("lets exactly one of many concurrent commits on one version through", async () => {
      const commits = Array.from({ length: 20 }, () => current().commit(commitOf()));
      const outcomes = (await Promise.all(commits)).map((result) => result.outcome);
      expect(outcomes.filter((outcome) => outcome === "committed")).to.have.length(1);
      expect(outcomes.filter((outcome) => outcome === "conflict")).to.have.length(19);
      expect(await current().eventsAfter({ after: 0, limit: 100 })).to.have.length(1);
    });

    it("lets concurrent commits on many services through, a conflict among them or not", async () => {
      const store = current();
      await store.commit(commitOf());
      const others = Array.from({ length: 30 }, (_, n) =>
        store.commit(commitOf({ service: numberedService(n) })),
      );
      const results = await Promise.all([
        ...others.slice(0, 15),
        store.commit(commitOf()),
        ...others.slice(15),
      ]);
      expect(results.filter((result) => result.outcome === "committed")).to.have.length(30);
      expect(results[15]).to.deep.equal({ outcome: "conflict" });
    });

    it("answers duplicate to a cause that it saw, whatever the version or the service, and changes nothing", async () => {
      const store = current();
      await store.commit(commitOf({ cause: "message-1" }));
      expect(await store.commit(commitOf({ cause: "message-1" }))).to.deep.equal({ outcome: "duplicate" });
      expect(await store.commit(followUp({ cause: "message-1" }))).to.deep.equal({ outcome: "duplicate" });
      const elsewhere = commitOf({ service: numberedService(2), cause: "message-1" });
      expect(await store.commit(elsewhere)).to.deep.equal({ outcome: "duplicate" });
      expect((await store.load(key)).version).to.equal(1);
      expect(await store.eventsAfter({ after: 0, limit: 100 })).to.have.length(1);
    });

    it("takes concurrent commits of one cause once", async () => {
      const commits = [1, 2, 3].map((n) =>
        current().commit(commitOf({ service: numberedService(n), cause: "message-1" })),
      );
      const outcomes = (await Promise.all(commits)).map((result) => result.outcome).sort();
      expect(outcomes).to.deep.equal(["committed", "duplicate", "duplicate"]);
    });

    it("does not remember the cause of a conflict", async () => {
      await current().commit(commitOf());
      await current().commit(commitOf({ cause: "message-1" }));
      const again = await current().commit(followUp({ cause: "message-1" }));
      expect(again.outcome).to.equal("committed");
    });

    it("shares no value with its callers", async () => {
      const store = current();
      const state = serviceState();
      await store.commit(commitOf({ state, releases: [releaseRecord()] }));
      spoil(state);
      spoil((await store.load(key)).state);
      spoil(await store.release(releaseId()));
      spoil((await store.eventsAfter({ after: 0, limit: 1 }))[0]?.event);
      expect((await store.load(key)).state).to.deep.equal(serviceState());
      expect(await store.release(releaseId())).to.deep.equal(releaseRecord());
      expect((await store.eventsAfter({ after: 0, limit: 1 }))[0]?.event).to.deep.equal(requested());
    });
  });
}

/** Overwrites what a caller got, as no caller should. */
function spoil(value: object | null | undefined): void {
  try {
    Object.assign(value ?? {}, { key: "spoilt", active: null, status: "live", type: "spoilt" });
  } catch {
    // A frozen value cannot be spoilt at all.
  }
}

function describeOutbox(current: () => OpenedStore): void {
  describe("the messages of a commit", () => {
    it("are published with it", async () => {
      await current().store.commit(commitOf({ messages: [message({ n: 1 }), message({ n: 2 })] }));
      expect(await current().published()).to.have.deep.members([{ n: 1 }, { n: 2 }]);
    });

    it("are not published when it conflicts or is a duplicate", async () => {
      const { store, published } = current();
      await store.commit(commitOf({ cause: "message-1", messages: [message("first")] }));
      await store.commit(commitOf({ messages: [message("conflict")] }));
      await store.commit(followUp({ cause: "message-1", messages: [message("duplicate")] }));
      expect(await published()).to.deep.equal(["first"]);
    });
  });
}

function describeLookups(current: () => Store): void {
  describe("lookups", () => {
    it("number the events of a service from 1 and place all events in one order", async () => {
      const store = current();
      const other = numberedService(2);
      await store.commit(commitOf({ events: [requested(), began()] }));
      await store.commit(commitOf({ service: other, events: [requested(second)] }));
      await store.commit(followUp({ events: [requested(second)] }));
      const all = await store.eventsAfter({ after: 0, limit: 100 });
      expect(all.map(({ service, sequence }) => [service, sequence])).to.deep.equal([
        [key, 1],
        [key, 2],
        [other, 1],
        [key, 3],
      ]);
      const positions = all.map((event) => event.position);
      expect(positions).to.deep.equal([...new Set(positions)].sort((a, b) => a - b));
      expect(await store.lastPosition()).to.equal(positions.at(-1));
    });

    it("page through events by position, and tell 0 as the last position of an empty store", async () => {
      const store = current();
      expect(await store.lastPosition()).to.equal(0);
      await store.commit(commitOf({ events: [requested(), began(), began(), began()] }));
      const first = await store.eventsAfter({ after: 0, limit: 3 });
      const rest = await store.eventsAfter({ after: first.at(-1)?.position ?? 0, limit: 3 });
      expect([first.length, rest.length]).to.deep.equal([3, 1]);
      expect(await store.eventsAfter({ after: await store.lastPosition(), limit: 3 })).to.deep.equal([]);
    });

    it("give the events of one release in order", async () => {
      const store = current();
      await store.commit(commitOf({ events: [requested(), requested(second), began()] }));
      const events = await store.releaseEvents(releaseId());
      expect(events.map(({ sequence, event }) => [sequence, event.type])).to.deep.equal([
        [1, "release-requested"],
        [3, "release-began"],
      ]);
    });

    it("give the first events of one release, in the order of their commits, and no more of them", async () => {
      const store = current();
      await store.commit(commitOf({ events: [requested(), requested(second), began()] }));
      for (let version = 1; version < 12; version += 1)
        await store.commit(followUp({ expectedVersion: version, events: [watched(version)] }));
      const firstOf = async (first: number) =>
        (await store.releaseEvents(releaseId(), { first })).map(({ sequence }) => sequence);
      expect(await firstOf(1)).to.deep.equal([1]);
      expect(await firstOf(12)).to.deep.equal([1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
      expect(await firstOf(100)).to.have.length(13);
    });

    it("give a release as it was last written, and null for one that is not there", async () => {
      const store = current();
      await store.commit(commitOf({ releases: [releaseRecord()] }));
      await store.commit(followUp({ releases: [releaseRecord({ status: "live", percent: 100 })] }));
      expect(await store.release(releaseId())).to.deep.equal(releaseRecord({ status: "live", percent: 100 }));
      expect(await store.release(releaseId("release-9"))).to.equal(null);
    });

    it("page through releases, newest request first, of one service or of all", async () => {
      const store = current();
      const record = (n: number, requestedAt: number, service = key) =>
        releaseRecord({ id: releaseId(`release-${n}`), requestedAt, service });
      const own = [record(1, monday), record(2, monday + 5), record(3, monday + 5)];
      await store.commit(commitOf({ releases: own }));
      const other = numberedService(2);
      await store.commit(commitOf({ service: other, releases: [record(4, monday + 3, other)] }));
      const page = async (service: typeof key | null, before: Parameters<Store["releases"]>[0]["before"]) =>
        (await store.releases({ service, limit: 2, before })).map((release) => release.id);
      expect(await page(null, null)).to.deep.equal(["release-3", "release-2"]);
      expect(await page(null, { requestedAt: monday + 5, id: releaseId("release-2") })).to.deep.equal([
        "release-4",
        "release-1",
      ]);
      expect(await page(key, { requestedAt: monday + 5, id: releaseId("release-2") })).to.deep.equal([
        "release-1",
      ]);
      expect(await page(key, { requestedAt: monday, id: releaseId("release-1") })).to.deep.equal([]);
      expect(await page(numberedService(3), null)).to.deep.equal([]);
    });

    it("keep a config under its hash as it was first written", async () => {
      const store = current();
      const config = releaseConfig();
      const later = releaseConfig({ notify: { slack: "#deploys" } });
      await store.commit(commitOf({ configs: [{ hash: "config-1", config }] }));
      await store.commit(followUp({ configs: [{ hash: "config-1", config: later }] }));
      expect(await store.config("config-1")).to.deep.equal(config);
      expect(await store.config("config-2")).to.equal(null);
    });

    it("give the state of every service that was committed", async () => {
      const store = current();
      expect(await store.services()).to.deep.equal([]);
      await store.commit(commitOf());
      await store.commit(commitOf({ service: numberedService(2) }));
      expect(await store.services()).to.have.deep.members([
        serviceState(),
        serviceState({ key: numberedService(2) }),
      ]);
    });

    it("keep a refusal once, and list the newest first", async () => {
      const store = current();
      await store.recordRefusal(refusal());
      await store.recordRefusal(refusal());
      await store.recordRefusal(refusal({ id: "refusal-2", at: monday + 1 }));
      const newer = refusal({ id: "refusal-2", at: monday + 1 });
      expect(await store.refusals({ limit: 10 })).to.deep.equal([newer, refusal()]);
      expect(await store.refusals({ limit: 1 })).to.deep.equal([newer]);
      expect(await store.refusal("refusal-1")).to.deep.equal(refusal());
      expect(await store.refusal("refusal-3")).to.equal(null);
    });
  });
}
