import { expect } from "chai";
import type { Notes } from "../../shared/ports/notes.ts";

/** What every implementation of `Notes` keeps. `open` gives an empty one each time. */
export function notesContract(
  params: Readonly<{
    name: string;
    open: () => Promise<Readonly<{ notes: Notes; close: () => Promise<void> }>>;
  }>,
): void {
  describe(`notes on ${params.name}`, () => {
    let notes: Notes;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ notes, close } = await params.open());
    });
    afterEach(() => close());

    it("are read as they were written last, with a version that rises", async () => {
      expect(await notes.read("tags/perkie/api")).to.equal(null);
      expect(await notes.write({ key: "tags/perkie/api", value: { n: 1 }, expected: 0 })).to.equal(true);
      expect(await notes.write({ key: "tags/perkie/api", value: [2, null], expected: 1 })).to.equal(true);
      expect(await notes.read("tags/perkie/api")).to.deep.equal({ value: [2, null], version: 2 });
      expect(await notes.read("tags/perkie")).to.equal(null);
    });

    it("are not written over what somebody else wrote meanwhile", async () => {
      await notes.write({ key: "a", value: 1, expected: 0 });
      expect(await notes.write({ key: "a", value: 2, expected: 0 })).to.equal(false);
      expect(await notes.write({ key: "a", value: 3, expected: 7 })).to.equal(false);
      expect(await notes.write({ key: "b", value: 3, expected: 1 })).to.equal(false);
      expect(await notes.read("a")).to.deep.equal({ value: 1, version: 1 });
      expect(await notes.read("b")).to.equal(null);
    });

    it("go to one of many who write at once", async () => {
      const writers = Array.from({ length: 8 }, (_, n) => notes.write({ key: "a", value: n, expected: 0 }));
      expect((await Promise.all(writers)).filter((won) => won)).to.have.length(1);
    });

    it("may be half a megabyte", async () => {
      const value = "x".repeat(512 * 1024 - 2);
      expect(await notes.write({ key: "a", value, expected: 0 })).to.equal(true);
      expect((await notes.read("a"))?.value).to.equal(value);
    });
  });
}
