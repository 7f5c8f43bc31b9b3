import type { EventType } from "../shared/domain/events.ts";
import type { Benchmark } from "./benchmark.ts";
import { type Figure, spread } from "./figures.ts";
import { LocalStand, momentOf } from "./local-stand.ts";

const services = 4;
const tags = ["v1.1.0", "v1.8.0"];
const rollout = { steps: [{ traffic: "100%" }], watch: { every: "1s" }, bake: "0s" };

/** What each stretch ends with, in order; the last column of a release's way. */
const stages: readonly (readonly [string, EventType])[] = [
  ["until the release began (push, webhook, config)", "release-began"],
  ["until the build started", "build-started"],
  ["until the build ended", "build-succeeded"],
  ["until the candidate was ready at 0 %", "candidate-deployed"],
  ["until the gate passed", "gate-passed"],
  ["until it had all traffic", "traffic-moved"],
  ["until one round of the watch passed", "bake-began"],
  ["until it was live", "release-live"],
];

/** The example with real processes and real git, an instant build, and no holds. */
export const release: Benchmark = {
  about: "git push to live in the local cloud: the example, an instant build, no holds",
  limitMs: 120_000,
  run: async ({ directory }) => {
    const stand = await LocalStand.start(directory);
    try {
      const totals: number[] = [];
      const pushes: number[] = [];
      const stretches = new Map(stages.map(([name]) => [name, [] as number[]]));
      for (let number = 1; number <= services; number += 1) {
        const service = await stand.service(number, { rollout });
        for (const tag of tags) {
          const pushedAt = Date.now();
          const pushing = stand.push(service, tag).then(() => pushes.push(Date.now() - pushedAt));
          const { id } = await stand.releaseOf(service, tag);
          const record = await stand.ended(service.key, id);
          if (record.status !== "live")
            throw new Error(`${tag} ended ${record.status}: ${record.failure?.message}`);
          const events = await stand.events(id);
          totals.push(momentOf(events, "release-live") - pushedAt);
          let before = pushedAt;
          for (const [name, type] of stages) {
            const at = momentOf(events, type);
            stretches.get(name)?.push(at - before);
            before = at;
          }
          await pushing;
        }
      }
      return [
        spread({ name: "git push to live", unit: "ms" }, totals),
        ...[...stretches].map(([name, took]): Figure => spread({ name: `  ${name}`, unit: "ms" }, took)),
        spread({ name: "git push itself, until it returned", unit: "ms" }, pushes),
      ];
    } finally {
      await stand.close();
    }
  },
};
