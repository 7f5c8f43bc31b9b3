import { warmup } from "../../../functions/warmup.ts";
import type { ReleaseId, RevisionName } from "../../../shared/domain/ids.ts";
import type { Deps } from "../../../shared/usecases/deps.ts";
import { RunningWork } from "../../../shared/usecases/running-work.ts";
import type { Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";
import { playDay, scheduleEvent, type WarmDay } from "../warm-day.ts";
import { pushUntil } from "./push-until.ts";

const minuteMs = 60_000;
/** The lead of the next day's window begins before the end of this one: it is always warm. */
const always = { days: "mon..sun", hours: "00:00..23:59", zone: "UTC" };
const pingPath = "/health?from=warmup";

const office = { from: "09:00", to: "21:00" };
const days: readonly WarmDay[] = [
  {
    title: "a day without a change of the clocks",
    begins: "2026-01-05T00:00:00+05:30",
    minutes: 1_440,
    warmup: { ...office, zone: "Asia/Kolkata" },
    raised: "2026-01-05T08:50:00+05:30",
    lowered: "2026-01-05T21:00:00+05:30",
  },
  {
    title: "the day on which an hour is skipped",
    begins: "2026-03-08T00:00:00-05:00",
    minutes: 1_380,
    warmup: { ...office, zone: "America/New_York" },
    raised: "2026-03-08T08:50:00-04:00",
    lowered: "2026-03-08T21:00:00-04:00",
  },
  {
    title: "the day on which an hour comes twice",
    begins: "2026-11-01T00:00:00-04:00",
    minutes: 1_500,
    warmup: { ...office, zone: "America/New_York" },
    raised: "2026-11-01T08:50:00-05:00",
    lowered: "2026-11-01T21:00:00-05:00",
  },
  {
    title: "a night over the hour that comes twice",
    begins: "2026-10-24T12:00:00+02:00",
    minutes: 1_500,
    warmup: { from: "22:00", to: "06:00", zone: "Europe/Berlin" },
    raised: "2026-10-24T21:50:00+02:00",
    lowered: "2026-10-25T06:00:00+01:00",
  },
];

/** Warmth through a day, through a rollout, and when the schedule is not exact. */
export const warmupScenarios: readonly Scenario[] = [
  {
    name: "warmup-day",
    story:
      "Whole days go by, minute by minute, in zones with and without a change of the clocks: warm once a day.",
    expected: "live",
    live: "candidate",
    play: pushUntil("v1.1.0", "release-live"),
    check: async (stage, [id]) => {
      if (id === undefined) return ["there is no release"];
      const found: string[] = [];
      for (const day of days) found.push(...(await dayComplaints(stage, id, day)));
      return found;
    },
  },
  {
    name: "warmup-during-rollout",
    story:
      "A release rolls out while its service is pinged: only what has traffic is, and no ping is evidence.",
    expected: "live",
    live: "candidate",
    setting: { config: { warmup: { ...always, mode: "ping", path: pingPath, every: "1m" } } },
    play: async (stage) => {
      const [id] = await stage.push("v1.1.0");
      if (id === undefined) return [];
      await stage.trail.first("candidate-deployed", id);
      await fire(stage, 1);
      await stage.trail.first("traffic-moved", id);
      await fire(stage, 2);
      await stage.ended(id, "release-live");
      await fire(stage, 3);
      return [id];
    },
    check: async (stage, [id]) => {
      if (id === undefined || stage.stable === null) return ["there is no release"];
      const { candidate } = await stage.trail.first("candidate-deployed", id);
      const { at } = await stage.trail.first("step-began", id);
      const toCandidate = pings(stage, candidate.revision);
      const early = toCandidate.filter((ping) => ping < at).length;
      return [
        ...(early === 0 ? [] : [`the candidate was pinged ${early} times before it had traffic`]),
        ...(toCandidate.length >= 2
          ? []
          : [`the candidate was pinged ${toCandidate.length} times with traffic`]),
        ...(pings(stage, stage.stable).length >= 1 ? [] : ["stable was never pinged"]),
      ];
    },
  },
  {
    name: "schedule-fires-twice",
    story:
      "The schedule fires many times at once, on two instances: the minimum is written once, and said once.",
    expected: "live",
    live: "candidate",
    setting: { config: { warmup: always } },
    play: async (stage) => {
      const [id] = await stage.push("v1.1.0");
      if (id === undefined) return [];
      await stage.ended(id, "release-live");
      await Promise.all(Array.from({ length: 5 }, () => fire(stage, 0)));
      await stage.trail.first("warmup-raised");
      await byHand(stage, 2);
      await Promise.all(Array.from({ length: 5 }, () => fire(stage, 0)));
      await stage.trail.first("warmup-left-alone");
      return [id];
    },
    check: async (stage) => {
      const minimum = (await stage.run.readSettings(stage.service))?.settings.service.instances.min ?? 0;
      return [
        ...["warmup-due", "warmup-raised", "warmup-left-alone"].flatMap((type) => notOnce(stage, type)),
        ...(minimum === 2 ? [] : [`the minimum is ${minimum}, and a person made it 2`]),
      ];
    },
  },
];

function notOnce(stage: Stage, type: string): readonly string[] {
  const count = stage.trail.events.filter((event) => event.type === type).length;
  return count === 1 ? [] : [`${type} happened ${count} times`];
}

/** When a revision was pinged, by the proxy's own record. */
function pings(stage: Stage, revision: RevisionName): readonly number[] {
  return stage
    .requestsOf(revision)
    .filter(({ path }) => path === pingPath)
    .map(({ at }) => at);
}

/** The schedule fires on two instances of Gantry at once, so many minutes from now. */
async function fire(stage: Stage, minutes: number): Promise<void> {
  const { clock, settings, ...others } = depsOf(stage);
  const later = { now: () => clock.now() + minutes * minuteMs, sleep: clock.sleep };
  const instances = ["one", "two"].map((owner): Deps => {
    const own = { clock: later, settings: { ...settings, owner }, running: new RunningWork() };
    return { ...others, ...own };
  });
  await Promise.all(instances.map((deps) => warmup(deps)(scheduleEvent(deps.clock.now()))));
}

function depsOf({ gantry }: Stage): Deps {
  if (gantry.deps === null) throw new Error("Gantry runs in a process of its own");
  return gantry.deps;
}

/** Sets the minimum as a person does with gcloud. */
async function byHand({ run, service, signal }: Stage, minimum: number): Promise<void> {
  const outcome = await run.setMinInstances({ service, minimum, expected: 1, deadlineMs: 10_000, signal });
  if (outcome.outcome !== "set") throw new Error(`the minimum could not be set by hand: ${outcome.outcome}`);
}

async function dayComplaints(stage: Stage, id: ReleaseId, day: WarmDay): Promise<readonly string[]> {
  const deps = depsOf(stage);
  const { state } = await deps.store.load(stage.service);
  const config = state.live === null ? null : await deps.store.config(state.live.configHash);
  if (state.live?.id !== id || config === null) return ["the release is not live"];
  const before = (await stage.run.revisions(stage.service)).length;
  const found: string[] = [];
  const changes = await playDay({
    deps,
    live: state.live,
    config: { ...config, warmup: { ...usual, ...day.warmup } },
    service: stage.service,
    day,
    look: async ({ type, to }) => {
      const minimum = (await stage.run.readSettings(stage.service))?.settings.service.instances.min ?? 0;
      if (minimum !== to) found.push(`${day.title}: the minimum is ${minimum} after ${type} to ${to}`);
    },
  });
  const expected = [
    `warmup-raised at ${new Date(day.raised).toISOString()}`,
    `warmup-lowered at ${new Date(day.lowered).toISOString()}`,
  ];
  const made = (await stage.run.revisions(stage.service)).length - before;
  return [
    ...found,
    ...(changes.join() === expected.join()
      ? []
      : [`${day.title}: ${changes.join(", ") || "nothing happened"}, and not ${expected.join(", ")}`]),
    ...(made === 0 ? [] : [`${day.title}: ${made} revisions were made`]),
  ];
}

const usual = {
  days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
  holidays: [],
  leadMs: 10 * minuteMs,
  mode: "minInstances",
  instances: 1,
  path: "/health",
  everyMs: 5 * minuteMs,
} as const;
