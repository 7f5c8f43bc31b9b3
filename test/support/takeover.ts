import { expect } from "chai";
import type { EventType, ServiceEvent } from "../../shared/domain/events.ts";
import { evolveAll } from "../../shared/domain/evolve.ts";
import type { RevisionName } from "../../shared/domain/ids.ts";
import { wantedSplit } from "../../shared/domain/release-plan.ts";
import { newService, type ServiceState } from "../../shared/domain/service-state.ts";
import type { Split } from "../../shared/domain/traffic.ts";
import { person } from "./fixtures.ts";
import { buildSnapshot } from "./function-harness.ts";
import type { History } from "./golden-histories.ts";
import { type Elsewhere, HistoryPlay, type RecordedCommit } from "./history-play.ts";
import { buildId } from "./release-story.ts";

/** The commits of a history up to where another version of Gantry takes it over. */
export type Takeover = Readonly<{ name: string; commits: readonly RecordedCommit[]; last: RecordedCommit }>;

/** Every point of the histories that differs from those before it in more than times and counts. */
export function takeovers(histories: readonly History[]): readonly Takeover[] {
  const points = new Map<string, Takeover>();
  for (const { schema, story, commits } of histories)
    for (const [index, last] of commits.entries()) {
      const point = pointOf(last);
      const name = `${story} of schema ${schema} after commit ${index + 1}: ${point}`;
      if (!points.has(point)) points.set(point, { name, commits: commits.slice(0, index + 1), last });
    }
  return [...points.values()];
}

function pointOf({ state, owed }: RecordedCommit): string {
  const { active, queue, leftovers, drift, live, warmth } = state;
  const kinds = owed.map(({ kind }) => kind).sort();
  const paused = active?.status === "rolling-out" && active.paused ? "paused" : "";
  const fields = [active?.status ?? "at rest", ...Object.keys(active ?? {}).sort(), ...kinds, paused];
  const beside = [queue.length, leftovers.length, drift === undefined, live === null, warmth?.due == null];
  return [...fields, ...beside].join(" ");
}

/** How the traffic lies in a state: as its release last wanted it, or where the one that is live has it. */
function splitIn({ active, live, left }: ServiceState, stable: RevisionName): Split {
  const wanted = active === null ? null : wantedSplit(active);
  const serving = left?.serving ?? live?.candidate.revision ?? stable;
  return wanted ?? [{ revision: serving, percent: 100 }];
}

const ends: readonly EventType[] = [
  "release-live",
  "release-failed",
  "release-rejected",
  "release-cancelled",
];

/** Takes it over as an upgrade in the middle would, and goes on to an end. */
export async function goOn(
  { name, commits, last }: Takeover,
  elsewhere: Elsewhere | null = null,
): Promise<void> {
  const play = new HistoryPlay({ elsewhere });
  const before = commits.flatMap(({ events }) => events);
  try {
    await place(play, commits, last);
    play.begin();
    await play.when(() => isAtRest(play), `the end of ${name}`);
    await check(play, name, before);
  } finally {
    await play.end();
  }
}

async function place(
  play: HistoryPlay,
  commits: readonly RecordedCommit[],
  last: RecordedCommit,
): Promise<void> {
  const { state, owed } = last;
  const { world, harness, deps } = play;
  const records = new Map(commits.flatMap(({ releases }) => releases.map((record) => [record.id, record])));
  const events = commits.flatMap((commit) => commit.events);
  const at = Math.max(...events.map((event) => event.at));
  await harness.clock.advance(at - harness.clock.now());
  const { active, left } = state;
  if (left !== undefined) world.settings = left.settings;
  if (active !== null && "candidate" in active) world.candidate = active.candidate;
  world.split = splitIn(state, world.stable);
  const isSecond = active?.status === "building" && active.lost !== undefined;
  const id = buildId(isSecond ? "build-2" : "build-1");
  world.start = async () => ({ outcome: "started", build: buildSnapshot({ id }) });
  world.build = async () => buildSnapshot({ id, status: "succeeded", image: world.candidate.image });
  await deps.store.commit({
    service: state.key,
    expectedVersion: 0,
    events,
    state,
    releases: [...records.values()],
    owed,
    configs: commits.flatMap(({ configs }) => configs),
    messages: [],
    cause: null,
  });
}

/** A person ends what waits for one. */
async function isAtRest({ deps, desk, world }: HistoryPlay): Promise<boolean> {
  const { active, queue, leftovers } = (await deps.store.load(world.service)).state;
  if (active?.status === "held")
    await desk.rollBack({ service: world.service, to: null, by: person, reason: "" });
  if (active?.status === "rolling-out" && active.paused)
    await desk.resume({ releaseId: active.id, by: person });
  if (active?.status === "awaiting-approval")
    for (const name of active.plan.approval.from) {
      const by = { kind: "person", name } as const;
      await desk.approve({ releaseId: active.id, by, approvalId: active.approvalId });
    }
  return active === null && queue.length === 0 && leftovers.length === 0;
}

async function check(play: HistoryPlay, name: string, before: readonly ServiceEvent[]): Promise<void> {
  const { deps, world, harness } = play;
  const { state } = await deps.store.load(world.service);
  const all = (await deps.store.eventsAfter({ after: 0, limit: 10_000 })).map(({ event }) => event);
  expect(all.slice(0, before.length), name).to.deep.equal(before);
  expect(evolveAll(newService(state.key), all), name).to.deep.equal(state);
  for (const id of new Set(all.map(({ releaseId }) => releaseId)))
    checkRelease(
      name,
      all.filter(({ releaseId }) => releaseId === id),
    );
  const wereBuilt = before.filter(({ type }) => type === "build-started").map(({ releaseId }) => releaseId);
  for (const build of world.builds) {
    const lost = before.some((event) => event.type === "build-lost" && build.startsWith(event.releaseId));
    expect(!lost && wereBuilt.some((id) => build.startsWith(id)), `${name} builds ${build} again`).to.equal(
      false,
    );
  }
  expect(await deps.bus.deadLetters({ limit: 10 }), name).to.deep.equal([]);
  expect(
    harness.lines.filter(({ level }) => level === "error"),
    name,
  ).to.deep.equal([]);
}

/** What happens to a release once happened once, and it came to one end. */
function checkRelease(name: string, events: readonly ServiceEvent[]): void {
  const count = (...types: readonly EventType[]): number =>
    events.filter(({ type }) => types.includes(type)).length;
  expect(count("build-started"), `${name}: builds`).to.be.at.most(1 + count("build-lost"));
  for (const type of ["candidate-deployed", "gate-passed", "approval-requested", "bake-began"] as const)
    expect(count(type), `${name}: ${type}`).to.be.at.most(1);
  const steps = events.flatMap((event) => (event.type === "traffic-moved" ? [event.step] : []));
  expect(steps, `${name}: steps`).to.deep.equal([...new Set(steps)].sort());
  expect(count(...ends, "release-superseded", "release-rolled-back"), `${name}: ends`).to.be.within(1, 2);
  const back = events.findIndex(({ type }) => type === "rollback-began");
  const after = back < 0 ? [] : events.slice(back).filter(({ type }) => type === "step-began");
  expect(after, `${name}: steps after the way back`).to.deep.equal([]);
}
