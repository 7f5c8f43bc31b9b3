import { expect } from "chai";
import type { Lifted } from "../../shared/domain/freeze.ts";
import type { Freezes } from "../../shared/ports/freezes.ts";
import { monday, person } from "../support/fixtures.ts";
import { freeze } from "../support/freeze.ts";

const lifted: Lifted = { by: person, at: monday + 500, reason: "done", cause: "slack/1" };

/** What every implementation of `Freezes` keeps. `open` gives an empty one each time. */
export function freezesContract(
  params: Readonly<{
    name: string;
    open: () => Promise<Readonly<{ freezes: Freezes; close: () => Promise<void> }>>;
  }>,
): void {
  describe(`freezes on ${params.name}`, () => {
    let freezes: Freezes;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ freezes, close } = await params.open());
    });
    afterEach(() => close());

    const ids = async (at: number) => (await freezes.open({ at })).map(({ id }) => id);

    it("keep one freeze however often it is added, as it was first added", async () => {
      expect(await freezes.add(freeze())).to.deep.equal(freeze());
      expect(await freezes.add(freeze({ reason: "another" }))).to.deep.equal(freeze());
      expect(await freezes.newest({ limit: 9 })).to.deep.equal([freeze()]);
    });

    it("are open until their time is over, also before they begin", async () => {
      await freezes.add(freeze({ id: "f-00000002", from: monday + 50, until: monday + 100 }));
      await freezes.add(freeze({ id: "f-00000001", until: null }));
      expect(await ids(monday)).to.deep.equal(["f-00000001", "f-00000002"]);
      expect(await ids(monday + 99)).to.deep.equal(["f-00000001", "f-00000002"]);
      expect(await ids(monday + 100)).to.deep.equal(["f-00000001"]);
    });

    it("are open no more once they are lifted, at no time, and say who did and why", async () => {
      await freezes.add(freeze());
      expect(await freezes.lift({ id: freeze().id, lifted })).to.deep.equal(freeze({ lifted }));
      expect(await ids(monday)).to.deep.equal([]);
      expect(await freezes.newest({ limit: 9 })).to.deep.equal([freeze({ lifted })]);
      expect(await freezes.add(freeze())).to.deep.equal(freeze({ lifted }));
      expect(await ids(monday)).to.deep.equal([]);
    });

    it("that are over are not lifted any more", async () => {
      const over = freeze({ until: lifted.at });
      await freezes.add(over);
      expect(await freezes.lift({ id: over.id, lifted })).to.deep.equal(over);
    });

    it("stay as they were lifted first, and know nothing of others", async () => {
      await freezes.add(freeze());
      await freezes.lift({ id: freeze().id, lifted });
      const again = await freezes.lift({ id: freeze().id, lifted: { ...lifted, reason: "later" } });
      expect(again?.lifted).to.deep.equal(lifted);
      expect(await freezes.lift({ id: "f-unknown0", lifted })).to.equal(null);
    });

    it("are lifted by one of many at once", async () => {
      await freezes.add(freeze());
      const tries = ["a", "b", "c"].map((reason) =>
        freezes.lift({ id: freeze().id, lifted: { ...lifted, reason } }),
      );
      const reasons = (await Promise.all(tries)).map((answer) => answer?.lifted?.reason);
      expect(new Set(reasons).size).to.equal(1);
    });

    it("are listed newest first, as many as are asked for", async () => {
      for (const [id, at] of [
        ["f-00000001", monday],
        ["f-00000003", monday + 1],
        ["f-00000002", monday + 1],
      ] as const)
        await freezes.add(freeze({ id, at }));
      const newest = async (limit: number) => (await freezes.newest({ limit })).map(({ id }) => id);
      expect(await newest(9)).to.deep.equal(["f-00000003", "f-00000002", "f-00000001"]);
      expect(await newest(2)).to.deep.equal(["f-00000003", "f-00000002"]);
    });

    it("share no value with their callers", async () => {
      await freezes.add(freeze());
      const [got] = await freezes.open({ at: monday });
      try {
        Object.assign(got ?? {}, { reason: "spoilt" });
      } catch {
        // A frozen value cannot be spoilt at all.
      }
      expect(await freezes.newest({ limit: 1 })).to.deep.equal([freeze()]);
    });
  });
}
