import type { EventType, ServiceEvent } from "../../shared/domain/events.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import type { Split } from "../../shared/domain/traffic.ts";
import { endOf } from "./end-events.ts";
import type { GoogleGround } from "./google-ground.ts";
import { candidatesOf, complaints, restoredAt } from "./judgement.ts";
import { newestLines } from "./newest-lines.ts";
import type { Scenario } from "./scenario.ts";
import { onStage, type Stage } from "./stage.ts";
import { effectiveOf } from "./traffic-log.ts";

/** How one rehearsal went. The first ten fields are what `gantry rehearse --json` promises. */
export type Rehearsal = Readonly<{
  scenario: string;
  expected: string;
  outcome: string;
  release: string | null;
  live: string | null;
  traffic: Split;
  detectMs: number | null;
  restoreMs: number | null;
  durationMs: number;
  events: readonly Readonly<{ at: number; type: EventType }>[]; // `at` in milliseconds since 1970 UTC
  ok: boolean;
  problems: readonly string[];
  requests: Readonly<{ total: number; failed: number }>;
}>;

export type RehearsalOptions = Readonly<{
  scenario: Scenario;
  version: string;
  seed: number | null;
  env: Readonly<Record<string, string | undefined>>; // for processes that are started
  stopping: AbortSignal;
  google?: GoogleGround | null; // without it, the embedded engine
  /** Hears every line of Gantry's log. */
  hear?: (line: string) => void;
}>;

/** What was rehearsed, and the tail of Gantry's log, for the case that it went wrong. */
export type Played = Readonly<{ rehearsal: Rehearsal; log: readonly string[] }>;

const deadlineMs = 60_000;

/** Nine processes and two emulators have to start, and every hop takes longer. */
const googleFactor = 3;

/** Plays one scenario from its first process to its last; always answers, whatever goes wrong on the way. */
export async function rehearse(options: RehearsalOptions): Promise<Played> {
  const { scenario, version, seed, env, stopping, google = null, hear } = options;
  const { setting = {} } = scenario;
  const began = performance.now();
  const log = newestLines();
  const late = new AbortController();
  const limitMs = (setting.deadlineMs ?? deadlineMs) * (google === null ? 1 : googleFactor);
  const timer = setTimeout(() => late.abort(new Error(`it did not end within ${limitMs / 1000} s`)), limitMs);
  const signal = AbortSignal.any([late.signal, stopping]);
  try {
    const write = (line: string): void => {
      log.write(line);
      hear?.(line);
    };
    const stage = { setting, version, seed, env, signal, google, log: write };
    const rehearsal = await onStage(stage, (built) => perform(built, scenario));
    return {
      rehearsal: { ...rehearsal, durationMs: Math.round(performance.now() - began) },
      log: log.lines(),
    };
  } catch (error) {
    return { rehearsal: unplayed(scenario, error, performance.now() - began), log: log.lines() };
  } finally {
    clearTimeout(timer);
  }
}

async function perform(stage: Stage, scenario: Scenario): Promise<Rehearsal> {
  const before = stage.trail.events.length;
  const played = await scenario.play(stage).catch((error: unknown) => ({ error }));
  const isPlayed = !("error" in played);
  await stage.caughtUp().catch(() => undefined); // a store that is away is found out below
  const releases = isPlayed ? played : requestedIn(stage.trail.events.slice(before));
  const found = await complaints(stage, scenario, releases).catch((error: unknown) => [messageOf(error)]);
  const events = stage.trail.events.slice(before);
  const outcome = releases.map((id) => endOf(stage.trail.of(id))?.status ?? "unfinished").join("+") || "none";
  const unexpected =
    outcome === scenario.expected ? [] : [`the outcome is ${outcome}, and ${scenario.expected} was expected`];
  const problems = [...unexpected, ...(isPlayed ? [] : [messageOf(played.error)]), ...found];
  return describe(stage, { scenario, releases, outcome, events, problems });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

type Findings = Readonly<{
  scenario: Scenario;
  releases: readonly ReleaseId[];
  outcome: string;
  events: readonly ServiceEvent[];
  problems: readonly string[];
}>;

async function describe(stage: Stage, findings: Findings): Promise<Rehearsal> {
  const { scenario, releases, outcome, events, problems } = findings;
  const snapshot = await stage.snapshot().catch(() => null);
  const { visits } = stage.visitors;
  return {
    scenario: scenario.name,
    expected: scenario.expected,
    outcome,
    release: releases.join("+") || null,
    live: await stage.soleRevision().catch(() => null),
    traffic: snapshot === null ? [] : effectiveOf(snapshot),
    ...timesOf(stage, releases, events),
    durationMs: 0,
    events: events.map(({ at, type }) => ({ at, type })),
    ok: problems.length === 0,
    problems,
    requests: { total: visits.length, failed: visits.filter(({ status }) => status !== 200).length },
  };
}

const decisions: readonly EventType[] = [
  "gate-failed",
  "watch-failed",
  "rollback-began",
  "release-held",
  "release-failed",
  "release-rolled-back",
];

/** What a failure without a bad answer is counted from: the latest of these before the decision. */
const beginnings: readonly EventType[] = ["build-started", "build-succeeded", "candidate-deployed"];

/** From the first bad answer, or the beginning of what failed, to the decision; and from there to stable at 100 %. */
function timesOf(
  stage: Stage,
  releases: readonly ReleaseId[],
  events: readonly ServiceEvent[],
): Pick<Rehearsal, "detectMs" | "restoreMs"> {
  const decision = events.find(({ type }) => decisions.includes(type));
  if (decision === undefined) return { detectMs: null, restoreMs: null };
  const from = events.findLast(({ at, type }) => at <= decision.at && beginnings.includes(type))?.at ?? null;
  const troubleAt = stage.troubleAt ?? firstBadAnswer(stage, releases) ?? from;
  const hadTraffic = events.some(({ type }) => type === "step-began");
  const restored =
    stage.stable !== null && hadTraffic ? restoredAt(stage.traffic.entries, stage.stable, decision.at) : null;
  return {
    detectMs: troubleAt === null ? null : Math.max(0, decision.at - troubleAt),
    restoreMs: restored === null ? null : restored - decision.at,
  };
}

/** By the proxy's own record, from whomever the request came. */
function firstBadAnswer(stage: Stage, releases: readonly ReleaseId[]): number | null {
  const answers = candidatesOf(stage, releases).flatMap((revision) => stage.requestsOf(revision));
  const bad = answers.filter(({ status }) => status >= 500).map(({ at }) => at);
  return bad.length === 0 ? null : Math.min(...bad);
}

function requestedIn(events: readonly ServiceEvent[]): readonly ReleaseId[] {
  return events.flatMap((event) => (event.type === "release-requested" ? [event.releaseId] : []));
}

function unplayed({ name, expected }: Scenario, error: unknown, durationMs: number): Rehearsal {
  return {
    scenario: name,
    expected,
    outcome: "none",
    release: null,
    live: null,
    traffic: [],
    detectMs: null,
    restoreMs: null,
    durationMs: Math.round(durationMs),
    events: [],
    ok: false,
    problems: [`the stage could not be set: ${messageOf(error)}`],
    requests: { total: 0, failed: 0 },
  };
}
