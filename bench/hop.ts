import { bareCommits } from "./bare-sqlite.ts";
import { BenchEngine, type Story } from "./bench-engine.ts";
import type { Benchmark } from "./benchmark.ts";
import { type Figure, ratio, single, spread } from "./figures.ts";

const warmUps = 60;
const runs = 400;
const services = 50;

/** One release after the other, so that every gap between two commits is Gantry's own time. */
export const hop: Benchmark = {
  about: "what Gantry adds to each durable step, when nothing outside costs any time",
  limitMs: 60_000,
  run: async ({ directory }) => {
    const bare = bareCommits(directory, 2_000);
    const bench = await BenchEngine.start(directory);
    let commits: number[] = [];
    bench.engine.onCommit?.(() => commits.push(performance.now()));
    const gaps: number[] = [];
    const totals: number[] = [];
    const commitsEach: number[] = [];
    const stories: Story[] = [];
    let before = 0;
    for (let run = 0; run < warmUps + runs; run += 1) {
      if (run === warmUps) before = deliveriesOf(bench);
      commits = [];
      const { ended, tidied } = await bench.release(run % services, `v1.0.${run}`);
      const story = await ended;
      const endedAt = performance.now();
      await tidied;
      if (run < warmUps) continue;
      stories.push({ ...story, events: [...story.events] }); // without what the next release says of it
      totals.push(endedAt - story.askedAt);
      commitsEach.push(commits.length);
      gaps.push(...commits.map((at, index) => at - (commits[index - 1] ?? story.askedAt)));
    }
    const messages = (deliveriesOf(bench) - before) / runs;
    await bench.close();
    const perHop = spread({ name: "per durable step", unit: "ms", aim: "p50 1 ms, p99 5 ms" }, gaps);
    return [
      perHop,
      bare,
      ratio("durable step against bare commit, p50", perHop, bare),
      spread({ name: "per release, asked to live", unit: "ms", aim: "p50 5 ms, p99 20 ms" }, totals),
      single({ name: "commits per release, tidying included", unit: "" }, mean(commitsEach)),
      single({ name: "bus deliveries per release", unit: "" }, messages),
      ...stages(stories),
    ];
  },
};

function deliveriesOf(bench: BenchEngine): number {
  return [...bench.deliveries.values()].reduce((sum, count) => sum + count, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** How long before each event its predecessor was. */
function stages(stories: readonly Story[]): readonly Figure[] {
  const types = [...new Set(stories.flatMap(({ events }) => events.map(({ type }) => type)))];
  return types.flatMap((type) => {
    const took = stories.flatMap(({ askedAt, events }) =>
      events.flatMap((event, index) =>
        event.type === type ? [event.at - (events[index - 1]?.at ?? askedAt)] : [],
      ),
    );
    return took.length === 0 ? [] : [spread({ name: `  until ${type}`, unit: "ms" }, took)];
  });
}
