import { expect } from "chai";
import { schema } from "../../shared/domain/schema.ts";
import type { Store } from "../../shared/ports/store.ts";
import {
  commitOf,
  numberedService,
  releaseRecord,
  serviceKey,
  serviceState,
  work,
} from "../support/fixtures.ts";
import {
  additiveMark,
  newerEvent,
  newerMark,
  newerState,
  newerWork,
  withUnknown,
} from "../support/newer-gantry.ts";

/** What a store does with what a newer Gantry wrote into it. */
export function newerStateContract(current: () => Store): void {
  const key = serviceKey();
  const beside = { ring: "blue" };

  async function writtenByNewer(): Promise<void> {
    const commit = commitOf({
      state: newerState(),
      events: [newerEvent()],
      releases: [withUnknown(releaseRecord(), { status: "shadowing" })],
      owed: [newerWork(), work()],
    });
    await current().commit(commit);
    await current().commit(commitOf({ service: numberedService(2), events: [], cause: "message-2" }));
  }

  async function refusalOf(call: Promise<unknown>): Promise<unknown> {
    return call.then(
      () => null,
      (error: unknown) => error,
    );
  }

  describe("a state that a newer Gantry wrote", () => {
    it("is given to nobody who decides on it, with who wrote it and what to type", async () => {
      await writtenByNewer();
      const error = await refusalOf(current().load(key));
      expect(error).to.include({ code: "state-newer", transient: true });
      expect(error).to.have.property("message").that.includes(`gantry rollback ${key} --direct`);
      expect(error)
        .to.have.property("context")
        .that.deep.equals({
          service: key,
          ...newerMark,
          known: schema,
        });
      expect((await current().load(numberedService(2))).version).to.equal(1);
    });

    it("is there to be looked up, with its release, its events and its work", async () => {
      await writtenByNewer();
      const store = current();
      expect(await store.look(key)).to.deep.include({ version: 1, state: newerState() });
      expect((await store.services()).map(({ schema: mark }) => mark)).to.deep.equal([newerMark, undefined]);
      expect((await store.release(releaseRecord().id))?.status).to.equal("shadowing");
      const events = await store.releaseEvents(releaseRecord().id);
      expect(events.map(({ event }) => event)).to.deep.equal([newerEvent()]);
      const owed = await store.owedWork(key);
      expect(owed.map(({ kind }) => kind)).to.have.members(["mirror-traffic", "start-build"]);
    });

    it("is gone on with where its mark allows it, and keeps its mark and what only a newer one knows", async () => {
      const store = current();
      const state = withUnknown({ ...serviceState(), schema: additiveMark }, beside);
      await store.commit(commitOf({ state }));
      const read = await store.load(key);
      expect(read).to.deep.include({ state, version: 1 });
      await store.commit(commitOf({ expectedVersion: 1, events: [], state: read.state }));
      expect((await store.load(key)).state).to.deep.equal(state);
    });

    it("looks like any other where there is none, or where this version wrote it", async () => {
      const store = current();
      expect(await store.look(key)).to.deep.equal(await store.load(key));
      await store.commit(commitOf());
      expect(await store.look(key)).to.deep.equal(await store.load(key));
      expect((await store.look(key)).state).to.deep.equal(serviceState());
    });
  });
}
