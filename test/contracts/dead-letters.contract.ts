import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { type DeadLetters, type LaidAside, mostKeptBytes } from "../../shared/ports/dead-letters.ts";
import { monday } from "../support/fixtures.ts";

function letter(changes: Partial<LaidAside> = {}): LaidAside {
  return {
    id: "dead-1",
    subscription: "build-releases",
    topic: "gantry-releases",
    data: Buffer.from("{}").toString("base64"),
    attributes: { repository: "perkie/api" },
    attempts: 5,
    lastError: "its data is not JSON",
    deadAt: monday,
    replayedAt: null,
    ...changes,
  };
}

/** What every implementation of `DeadLetters` keeps. `open` gives an empty one each time. */
export function deadLettersContract(
  params: Readonly<{
    name: string;
    open: () => Promise<Readonly<{ deadLetters: DeadLetters; close: () => Promise<void> }>>;
  }>,
): void {
  describe(`dead letters on ${params.name}`, () => {
    let letters: DeadLetters;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ deadLetters: letters, close } = await params.open());
    });
    afterEach(() => close());

    it("are kept once, as they were first, byte for byte", async () => {
      await letters.keep(letter());
      await letters.keep(letter({ lastError: "another" }));
      expect(await letters.get("dead-1")).to.deep.equal(letter());
      expect(await letters.get("dead-2")).to.equal(null);
    });

    it("are kept whole up to the length that every implementation keeps, though nothing of them can be packed", async () => {
      const noise = (bytes: number) => randomBytes(bytes).toString("base64");
      const attributes = Object.fromEntries(
        Array.from({ length: 100 }, (_, n) => [`${n}-${noise(180)}`, noise(768)]),
      );
      const long = letter({
        data: noise(mostKeptBytes),
        attributes,
        lastError: noise(768),
        cutFrom: 9_000_000,
      });
      await letters.keep(long);
      expect(await letters.get("dead-1")).to.deep.equal(long);
    });

    it("are listed by when they were given up, newest first, as many as asked for", async () => {
      for (const [id, deadAt] of [
        ["dead-1", monday],
        ["dead-3", monday + 2],
        ["dead-2", monday + 1],
      ] as const)
        await letters.keep(letter({ id, deadAt }));
      const ids = async (limit: number) => (await letters.newest({ limit })).map(({ id }) => id);
      expect(await ids(9)).to.deep.equal(["dead-3", "dead-2", "dead-1"]);
      expect(await ids(2)).to.deep.equal(["dead-3", "dead-2"]);
    });

    it("say when they were delivered again", async () => {
      await letters.keep(letter());
      await letters.replayed({ id: "dead-1", at: monday + 5 });
      await letters.replayed({ id: "dead-9", at: monday + 5 });
      expect(await letters.get("dead-1")).to.deep.equal(letter({ replayedAt: monday + 5 }));
      expect(await letters.get("dead-9")).to.equal(null);
    });
  });
}
