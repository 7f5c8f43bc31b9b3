import { expect } from "chai";
import fc from "fast-check";
import { memoryEngine } from "../contracts/embedded-engines.ts";
import { everything, operation, perform } from "../contracts/store-operations.ts";
import { monday } from "../support/fixtures.ts";
import { sharedFirestore, uniqueProject } from "../support/google-emulators.ts";
import { type Fault, faultyConnection } from "./faulty-connection.ts";
import { firestoreEngine } from "./firestore-engine.ts";

/** Codes after which nobody knows, and those after which nothing was written (ABORTED). */
const mayBeApplied = [1, 2, 4, 13, 14];
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc.record({
      code: fc.constantFrom(...mayBeApplied),
      when: fc.constantFrom("before" as const, "after" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ code: fc.constantFrom(8, 10, 14, 16), when: fc.constant("before" as const) }),
  },
);

/** Each store has positions of its own. */
function withoutPositions({ events: _events, last, ...rest }: Awaited<ReturnType<typeof everything>>) {
  return {
    ...rest,
    states: rest.states.map(({ state, version }) => ({ state, version })),
    hasLast: last > 0,
  };
}

describe("memory and Firestore, while calls fail and answers are lost", () => {
  let host: string;
  before(async function () {
    ({ host } = await sharedFirestore(this));
    this.timeout(120_000);
  });

  it("answer every sequence of operations alike", async function () {
    this.timeout(120_000);
    const faults = fc.infiniteStream(fault);
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), faults, async (operations, stream) => {
        const { engine: embedded, close } = memoryEngine();
        const project = uniqueProject();
        const next = (): Fault => stream.next().value ?? null;
        const { engine } = firestoreEngine(host, { project, connection: faultyConnection(host, next) });
        const fresh = firestoreEngine(host, { project });
        let now = monday;
        try {
          for (const each of operations) {
            if (each.kind === "pass") now += each.ms;
            expect(await perform(engine.store, each, now)).to.deep.equal(
              await perform(embedded.store, each, now),
            );
          }
          expect(withoutPositions(await everything(fresh.engine.store, now))).to.deep.equal(
            withoutPositions(await everything(embedded.store, now)),
          );
        } finally {
          await Promise.all([close(), engine.close(), fresh.engine.close()]);
        }
      }),
      { numRuns: 20, seed: 2026 },
    );
  });
});
