import { expect } from "chai";
import fc from "fast-check";
import type { Disturb } from "../../shared/adapters/sqlite/fan-out.ts";
import type { PubSubEvent } from "../../shared/ports/bus.ts";
import { type Engine, memoryEngine, sqliteEngine } from "./embedded-engines.ts";

/** What befalls one message: how it travels, and what its handler does at each attempt before it succeeds. */
const fate = fc.record({
  copies: fc.integer({ min: 1, max: 3 }),
  delayMs: fc.integer({ min: 0, max: 3000 }),
  troubles: fc.array(fc.constantFrom("throws" as const, "hangs" as const), { maxLength: 7 }),
});
const maxAttempts = 5;

describe("a message that was published", () => {
  for (const [name, open] of [
    ["memory", memoryEngine],
    ["SQLite", sqliteEngine],
  ] as const)
    it(`is handled or in the dead letter, whatever its handler does and however it travels (${name})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fate, { minLength: 1, maxLength: 12 }), async (fates) => {
          const disturb: Disturb = ({ attributes }) =>
            fates[Number(attributes["n"])] ?? { copies: 1, delayMs: 0 };
          const { engine, clock, close }: Engine = open({ disturb, concurrency: 3 });
          const attempts = fates.map(() => 0);
          const handled = new Set<number>();
          const handler = async (event: PubSubEvent): Promise<void> => {
            const n = Number(event.data.message.attributes["n"]);
            const trouble = fates[n]?.troubles[attempts[n] ?? 0];
            attempts[n] = (attempts[n] ?? 0) + 1;
            if (trouble === "throws") throw new Error("trouble");
            if (trouble === "hangs") await new Promise<void>(() => {});
            handled.add(n);
          };
          const timing = { ackDeadlineMs: 500, minBackoffMs: 10, maxBackoffMs: 100, maxAttempts };
          engine.bus.subscribe({ name: "chaos", topic: "chaos", handler, ...timing });
          engine.bus.start();
          const message = { topic: "chaos", id: null, data: null };
          await engine.bus.publish(fates.map((_, n) => ({ ...message, attributes: { n: String(n) } })));
          await clock.advance(60_000);
          const dead = (await engine.bus.deadLetters({ limit: 100 })).map(({ message: letter }) =>
            Number(letter.attributes["n"]),
          );
          await close();
          for (const [n, { troubles }] of fates.entries()) {
            expect(handled.has(n) || dead.includes(n), `message ${n}`).to.equal(true);
            if (troubles.length < maxAttempts) expect(handled.has(n), `message ${n}`).to.equal(true);
          }
          expect(clock.sleeping).to.equal(0);
        }),
        { numRuns: 15, seed: 2026 },
      );
    });
});
