import { expect } from "chai";
import fc from "fast-check";
import type { Freezes } from "../../shared/ports/freezes.ts";
import { monday, person } from "../support/fixtures.ts";
import { freeze } from "../support/freeze.ts";
import { type Engine, memoryEngine, sqliteEngine } from "./embedded-engines.ts";
import { freezesContract } from "./freezes.contract.ts";

const opened = ({ engine, close }: Engine) => ({ freezes: engine.freezes, close });

freezesContract({ name: "memory", open: async () => opened(memoryEngine()) });
freezesContract({ name: "SQLite", open: async () => opened(sqliteEngine()) });

const small = (max: number) => fc.integer({ min: 0, max });
const operation = fc.oneof(
  fc.record({
    kind: fc.constant("add" as const),
    id: small(4),
    at: small(3),
    from: small(20),
    until: fc.option(small(40)),
  }),
  fc.record({ kind: fc.constant("lift" as const), id: small(4), at: small(40) }),
  fc.record({ kind: fc.constant("look" as const), at: small(40), limit: small(5) }),
  fc.record({ kind: fc.constant("prune" as const), at: small(60) }),
);

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const idOf = (n: number): string => `f-0000000${n}`;
const ninetyDays = 90 * 86_400_000;

async function perform({ engine }: Engine, operation: Operation): Promise<unknown> {
  const { freezes }: Readonly<{ freezes: Freezes }> = engine;
  const at = monday + operation.at;
  switch (operation.kind) {
    case "add": {
      const { id, from, until } = operation;
      const end = until === null ? null : monday + until;
      return freezes.add(freeze({ id: idOf(id), at, from: monday + from, until: end }));
    }
    case "lift":
      return freezes.lift({
        id: idOf(operation.id),
        lifted: { by: person, at, reason: `at ${operation.at}`, cause: null },
      });
    case "look":
      return [await freezes.open({ at }), await freezes.newest({ limit: operation.limit })];
    case "prune":
      return engine.prune({ now: at + ninetyDays });
  }
}

describe("freezes in memory and on SQLite", () => {
  it("answer every sequence of operations alike", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
        const [memory, sqlite] = [memoryEngine(), sqliteEngine()];
        try {
          for (const each of operations)
            expect(await perform(sqlite, each)).to.deep.equal(await perform(memory, each));
          const look = { kind: "look", at: 0, limit: 9 } as const;
          expect(await perform(sqlite, look)).to.deep.equal(await perform(memory, look));
        } finally {
          await Promise.all([memory.close(), sqlite.close()]);
        }
      }),
      { numRuns: 40, seed: 2026 },
    );
  });
});
