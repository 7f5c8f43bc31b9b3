import { expect } from "chai";
import fc from "fast-check";
import { monday } from "../support/fixtures.ts";
import { type Engine, memoryEngine, sqliteEngine } from "./embedded-engines.ts";
import { everything, operation, perform } from "./store-operations.ts";

describe("memory and SQLite", () => {
  it("answer every sequence of operations alike", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
        const engines: readonly Engine[] = [memoryEngine(), sqliteEngine()];
        const [memory, sqlite] = engines.map(({ engine }) => engine.store);
        let now = monday;
        try {
          for (const each of operations) {
            if (each.kind === "pass") now += each.ms;
            expect(await perform(sqlite!, each, now)).to.deep.equal(await perform(memory!, each, now));
          }
          expect(await everything(sqlite!, now)).to.deep.equal(await everything(memory!, now));
        } finally {
          await Promise.all(engines.map((engine) => engine.close()));
        }
      }),
      { numRuns: 40, seed: 2026 },
    );
  });
});
