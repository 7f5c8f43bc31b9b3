import { allowedWords } from "./drift-words.ts";
import type { CheckResult, ServiceEvent } from "./events.ts";
import { nextCommands } from "./explain-next.ts";
import { despiteWords } from "./freeze-words.ts";
import type { RevisionName } from "./ids.ts";
import type { ReleaseRecord } from "./release-record.ts";
import { wordsOf } from "./release-words.ts";
import { entryOf } from "./schema.ts";
import type { Failure, FailureCode } from "./service-state.ts";
import type { Split } from "./traffic.ts";
import { warmthNews } from "./warm-words.ts";
import type { ReleaseStatus } from "./words.ts";
import type { Work } from "./work.ts";

/** Four answers for a person: what happened, what it means for the traffic, why, and what to type next. */
export type Explanation = Readonly<{
  happened: string;
  traffic: string;
  why: string;
  next: readonly string[];
}>;

/** Owed work as far as it explains a delay. `attempt` counts the tries so far. */
export type WorkInSight = Work & Readonly<{ attempt: number; lastError: string | null }>;

/** Pure, for every status and failure: says what is known and never more. `events` are those of this release. */
export function explainRelease(
  record: ReleaseRecord,
  events: readonly ServiceEvent[],
  owedWork: readonly WorkInSight[] = [],
): Explanation {
  return {
    happened: happened(record),
    traffic: (entryOf(trafficNow, record.status) ?? trafficUnknown)(record, events),
    why: [why(record, events, owedWork), despiteWords(record), allowedWords(events), warmthNews(events)]
      .filter((text) => text !== "")
      .join(" "),
    next: nextCommands(record, events),
  };
}

function happened(record: ReleaseRecord): string {
  const what = `${record.tag} of ${record.service} (commit ${record.commit.slice(0, 7)})`;
  const cause = record.failure === null ? "" : `: ${causeOf(record.failure)}`;
  return `${what} ${wordsOf(record).sentence}${cause}.`;
}

function causeOf({ code }: Failure): string {
  return entryOf(causes, code) ?? `${code}, which only a newer Gantry knows`;
}

const causes: Readonly<Record<FailureCode, string>> = {
  "build-not-started": "the build could not be started",
  "build-failed": "the build failed",
  "build-cancelled": "the build was cancelled in Cloud Build",
  "build-timed-out": "the build took longer than its time limit",
  "build-without-digest": "the build ended well but told no digest under `images:`",
  "candidate-not-ready": "the new revision did not become ready",
  "deploy-refused": "the new revision was not accepted",
  "deploy-unfinished": "the deployment did not end within its time limit",
  "traffic-ambiguous": "it is not clear which revision is stable",
  "gate-failed": "a check failed at 0 % traffic",
  "gate-inconclusive": "the checks at 0 % traffic gave too little evidence",
  "watch-failed": "a check failed while it had traffic",
  "watch-inconclusive": "there was too little evidence while it had traffic",
  "traffic-write-failed": "the traffic could not be written",
  "approval-expired": "nobody approved it in time",
  "rejected-by-person": "a person rejected it",
  "cancelled-by-person": "a person cancelled it",
  "rolled-back-by-person": "a person asked for it",
  "rolled-back-by-hand": "a person moved the traffic back by hand",
  "traffic-moved-by-hand": "a person moved the traffic by hand",
  "preflight-stopped": "the preflight found that it could not succeed",
  "guardrail-broken": "a guard rail of gantry.yaml is broken",
  "service-drifted": "somebody changed the service since Gantry left it",
  quarantined: "its image was rolled back before and is in quarantine",
  superseded: "a newer tag took its place",
};

type Reason = (record: ReleaseRecord, events: readonly ServiceEvent[]) => string;

const unchanged = (record: ReleaseRecord): string => {
  if (record.stable !== null) return `Traffic is unchanged: ${record.stable} still serves 100 %.`;
  return record.candidate === null
    ? "Traffic is unchanged: whatever served before still serves."
    : "No revision served before this one, so there was no traffic to protect.";
};

const asFound = (split: Split): string =>
  split.length === 0
    ? "no revision"
    : split.map((share) => `${share.revision} ${share.percent} %`).join(", ");

const leftByHand = (record: ReleaseRecord): string =>
  record.found === null
    ? `Gantry leaves the traffic as it is; the candidate was last seen with ${record.percent} %.`
    : `Gantry leaves the traffic as it was found: ${asFound(record.found)}.`;

const shared = (record: ReleaseRecord): string => {
  const rest = record.stable === null ? "" : ` and ${record.stable} serves ${100 - record.percent} %`;
  return `${record.candidate?.revision ?? "The candidate"} serves ${record.percent} %${rest}.`;
};

/** Where a rollback leads: what it was told, which a person may have chosen, else the stable of the release. */
function wayBack(record: ReleaseRecord, events: readonly ServiceEvent[]): RevisionName | null {
  const began = events.findLast((event) => event.type === "rollback-began");
  return began === undefined ? record.stable : began.target;
}

const goingBack: Reason = (record, events) => {
  const target = wayBack(record, events);
  return target === null
    ? "There is no earlier revision to give the traffic to."
    : `All traffic is on its way back to ${target}; the candidate last had ${record.percent} %.`;
};

const restored: Reason = (record, events) => {
  if (record.found !== null) return leftByHand(record);
  const target = wayBack(record, events);
  return target === null
    ? "There was no earlier revision to give the traffic to."
    : `${target} serves 100 % again.`;
};

const trafficUnknown: Reason = (record) =>
  `A newer Gantry moves it; ${record.candidate?.revision ?? "the candidate"} was last seen with ${record.percent} %.`;

const newer: Reason = (record) =>
  `A newer Gantry wrote its status, ${record.status}; this version shows what it knows of it. Ask with the newer one.`;

const trafficNow: Readonly<Record<ReleaseStatus, Reason>> = {
  queued: unchanged,
  building: unchanged,
  deploying: unchanged,
  verifying: unchanged,
  "awaiting-approval": unchanged,
  "rolling-out": shared,
  baking: shared,
  live: (record) =>
    record.supersededByTag === null
      ? `${record.candidate?.revision ?? "The candidate"} took 100 % of the traffic.`
      : `${record.supersededByTag} is live since and has the traffic.`,
  "rolling-back": goingBack,
  held: leftByHand,
  failed: unchanged,
  "rolled-back": restored,
  rejected: unchanged,
  cancelled: (record) =>
    record.found === null && record.percent === 0 ? unchanged(record) : leftByHand(record),
  superseded: unchanged,
};

function why(
  record: ReleaseRecord,
  events: readonly ServiceEvent[],
  owedWork: readonly WorkInSight[],
): string {
  if (record.failure !== null)
    return [record.failure.message, ...helpWords(record.failure), ...untold(record)].join(" ");
  const stuck = owedWork.find((work) => work.releaseId === record.id && work.lastError !== null);
  if (stuck !== undefined) {
    return `"${stuck.kind}" was tried ${stuck.attempt} times; the last error was: ${stuck.lastError}`;
  }
  return (entryOf(progressWhy, record.status) ?? newer)(record, events);
}

/** What to do about it, and the lines of the log that show it. */
function helpWords({ help }: Failure): readonly string[] {
  if (help === undefined) return [];
  return [help.repair, ...(help.evidence.length === 0 ? [] : [`The log says: ${help.evidence.join(" | ")}`])];
}

/** The checks that did not pass and that the failure does not tell of already. */
function untold({ checks, failure }: ReleaseRecord): readonly string[] {
  const isTold = ({ name, measured }: CheckResult) =>
    failure?.message.includes(`${name}: ${measured}`) === true;
  return checks.filter((check) => check.verdict !== "pass" && !isTold(check)).map(checkLine);
}

/** One check as a line: what was measured and what was asked for. */
export function checkLine(check: CheckResult): string {
  const warning = check.warning === undefined ? "" : ` Look at it: ${check.warning}.`;
  return `${check.name}: ${check.measured} (needs ${check.limit}).${warning}`;
}

const passed: Reason = (record) => {
  const { length } = record.checks;
  if (length === 0) return "No check is recorded yet.";
  const warned = record.checks.filter(({ warning }) => warning !== undefined).map(checkLine);
  return [`All ${length} checks of the latest round passed.`, ...warned].join(" ");
};

const ended: Reason = (record) => `The release ${wordsOf(record).sentence}.`;

const progressWhy: Readonly<Record<ReleaseStatus, Reason>> = {
  queued: (_record, events) => {
    const queued = events.find((event) => event.type === "release-queued");
    return queued === undefined
      ? "One release of a service runs at a time."
      : `It waits for ${queued.behindTag}.`;
  },
  building: (record) =>
    record.build === null
      ? "The build is about to start."
      : `Cloud Build works on it: ${record.build.logUrl}`,
  deploying: () => "The image is built; the new revision is being made without traffic.",
  verifying: () => "The new revision is ready and is being checked at its own URL.",
  "awaiting-approval": (record, events) => {
    const asked = events.findLast((event) => event.type === "approval-requested");
    const given = record.approvedBy.map((actor) => actor.name).join(", ") || "nobody yet";
    return asked === undefined
      ? `Approved by ${given}.`
      : `It needs ${asked.count} of ${asked.from.join(", ") || "anybody"}; approved by ${given}.`;
  },
  "rolling-out": (record, events) =>
    record.paused
      ? "It is paused: it is watched, and no step is taken until somebody resumes or promotes it."
      : passed(record, events),
  baking: passed,
  live: passed,
  "rolling-back": ended,
  held: ended,
  failed: ended,
  "rolled-back": ended,
  rejected: ended,
  cancelled: ended,
  superseded: (record) =>
    record.supersededByTag === null
      ? "A newer tag took its place."
      : `${record.supersededByTag} took its place.`,
};
