import type { RevisionName, ServiceKey } from "../../domain/ids.ts";
import {
  describeSplit,
  isGantryTag,
  isSameSplit,
  isWholeSplit,
  type Split,
  soleRevision,
  splitOf,
  tagsOf,
  trafficList,
} from "../../domain/traffic.ts";
import { AppError } from "../../ports/app-error.ts";
import type { ServiceSnapshot, TrafficOutcome, TrafficRequest } from "../../ports/run.ts";
import { isOver, type Patience, pause, throwIfCalledOff } from "../google/patience.ts";
import type { RunApi } from "./run-api.ts";
import { gaveUp, patienceFor, type RunContext } from "./run-context.ts";
import {
  generationOf,
  type IService,
  type Readiness,
  revisionSnapshotOf,
  routesOf,
  serviceSnapshotOf,
} from "./service-snapshot.ts";
import { trafficBody } from "./traffic-body.ts";

/** What this call has done so far. */
export type Progress = Readonly<{
  writes: number;
  accepted: number; // writes that Cloud Run took
  /** The latest generation that was written or read; an answer from before it is out of date. */
  generation: number;
  sightings: number; // consecutive readings that showed the end of this call, without a write that proves them fresh
  lastRefusal: string;
}>;

/** One reading of the service, beside its snapshot. */
type Reading = Readonly<{
  request: TrafficRequest;
  progress: Progress;
  generation: number;
  routes: Readiness;
}>;

/** `look`: read again after a while; `look-again`: this may be the end, seen once. */
type NextMove = Readonly<{ move: "write" | "look" | "look-again" }> | Readonly<{ done: TrafficOutcome }>;

/** A reading may be older than the last write, so what no write of this call proves counts only when seen twice. */
const sightingsNeeded = 2;
/** A list that Cloud Run could not carry out is sent once more: failed starts are often passing. */
const maxAcceptedWrites = 2;

/** As `RunPort.setTraffic` promises. */
export async function setTraffic(context: RunContext, request: TrafficRequest): Promise<TrafficOutcome> {
  const patience = patienceFor(context, request);
  let progress: Progress = { writes: 0, accepted: 0, generation: 0, sightings: 0, lastRefusal: "" };
  for (;;) {
    throwIfCalledOff(patience);
    const raw = await context.api.service(request.service);
    if (raw === null) return { outcome: "refused", message: "the service does not exist", found: [] };
    const snapshot = serviceSnapshotOf(request.service, raw);
    const generation = generationOf(raw);
    const next = nextMove(snapshot, { request, progress, generation, routes: routesOf(raw) });
    if ("done" in next) return next.done;
    if (isOver(patience)) return tooLate(snapshot, request, progress);
    progress = { ...progress, generation: Math.max(progress.generation, generation) };
    const after =
      next.move === "write"
        ? await write(context, request, { raw, progress, patience })
        : looked(progress, next.move);
    if ("outcome" in after) return after;
    progress = after;
    await pause(patience);
  }
}

function looked(progress: Progress, move: "look" | "look-again"): Progress {
  return { ...progress, sightings: move === "look-again" ? progress.sightings + 1 : 0 };
}

/** What one reading of the service leads to. */
export function nextMove(snapshot: ServiceSnapshot, reading: Reading): NextMove {
  const { request, progress, generation } = reading;
  const { target, expected } = request;
  const found = effectiveSplit(snapshot);
  if (!isWholeSplit(target))
    return { done: { outcome: "refused", message: `${describeSplit(target)} is no whole split`, found } };
  if (generation < progress.generation) return { move: "look" };
  if (isAskedFor(snapshot, request)) return carriedOut(snapshot, reading);
  if (expected === null) return { move: "write" };
  const desired = desiredSplit(snapshot);
  const mayReplace = [target, ...expected].some((split) => isSameSplit(split, desired));
  // Somebody wrote after this call's own write was taken: theirs wins, even where it is a split that was expected before.
  const isOverruled = progress.accepted > 0 && !isSameSplit(desired, target);
  const isTakenBack = progress.accepted === 0 && request.tags.some((tag) => isGone(snapshot, tag));
  if (mayReplace && !isOverruled && !isTakenBack) return { move: "write" };
  return seenTwice(progress, { outcome: "drifted", found: desired });
}

/** The list that is wanted stands; whether requests meet it. */
function carriedOut(snapshot: ServiceSnapshot, { request, progress, routes }: Reading): NextMove {
  const { target } = request;
  const found = effectiveSplit(snapshot);
  const { accepted } = progress;
  if (isSameSplit(found, target)) {
    const end: TrafficOutcome = { outcome: "effective" };
    return accepted > 0 ? { done: end } : seenTwice(progress, end);
  }
  const hasFailed = snapshot.settled && routes.state === "failed";
  if (!hasFailed) return { move: "look" };
  if (accepted < maxAcceptedWrites) return { move: "write" };
  return { done: { outcome: "refused", message: routes.message || snapshot.ready.message, found } };
}

function seenTwice({ sightings }: Progress, end: TrafficOutcome): NextMove {
  return sightings + 1 < sightingsNeeded ? { move: "look-again" } : { done: end };
}

/** Whether the desired list names the target by revision, with exactly the wanted tags among Gantry's own. */
function isAskedFor({ desired }: ServiceSnapshot, { target, tags }: TrafficRequest): boolean {
  const byName = splitOf({ shares: desired, latest: null });
  const own = tagsOf(desired).filter(({ tag }) => isGantryTag(tag));
  const areTagsKept = tags.every((wanted) =>
    own.some(({ tag, revision }) => tag === wanted.tag && revision === wanted.revision),
  );
  return isWholeSplit(byName) && isSameSplit(byName, target) && areTagsKept && own.length === tags.length;
}

/**
 * Whether a tag is gone from a revision that does not have all traffic. Whoever restores stable takes the candidate's tag away in the
 * same write, so a move that comes later finds out, also where the split is the one that it began with.
 */
function isGone(snapshot: ServiceSnapshot, { revision, tag }: TrafficRequest["tags"][number]): boolean {
  const stands = snapshot.desired.some((share) => share.revision === revision && share.tag === tag);
  return !stands && soleRevision(desiredSplit(snapshot)) !== revision;
}

function desiredSplit({ desired, latestReadyRevision }: ServiceSnapshot): Split {
  return splitOf({ shares: desired, latest: latestReadyRevision });
}

function effectiveSplit({ effective, latestReadyRevision }: ServiceSnapshot): Split {
  return splitOf({ shares: effective, latest: latestReadyRevision });
}

function tooLate(
  snapshot: ServiceSnapshot,
  { target }: TrafficRequest,
  { lastRefusal }: Progress,
): TrafficOutcome {
  const found = effectiveSplit(snapshot);
  const why = snapshot.ready.message || lastRefusal;
  const message = `${describeSplit(target)} was not served in time; ${describeSplit(found)} is${why ? `: ${why}` : ""}`;
  return { outcome: "refused", message, found };
}

type Writing = Readonly<{ raw: IService; progress: Progress; patience: Patience }>;

/**
 * Writes the traffic in place of what was read. @throws AppError when called off before that, and when conflicts or lost answers
 * do not end.
 */
async function write(
  { api, settings }: RunContext,
  { service, target, tags }: TrafficRequest,
  { raw, progress, patience }: Writing,
): Promise<Progress | TrafficOutcome> {
  if (progress.writes >= settings.maxWrites)
    throw gaveUp(`move the traffic of ${service}`, progress.lastRefusal);
  const snapshot = serviceSnapshotOf(service, raw);
  const unfit = await unfitRevision(api, snapshot, target);
  if (unfit !== null) return { outcome: "refused", message: unfit, found: effectiveSplit(snapshot) };
  const others = tagsOf(snapshot.desired).filter(({ tag }) => !isGantryTag(tag));
  const traffic = trafficBody(trafficList({ split: target, tags: [...tags, ...others] }));
  throwIfCalledOff(patience); // to read may have taken longer than its caller was its owner
  const result = await api.update(service, { traffic, etag: raw.etag ?? "" }, ["traffic"]);
  const next: Progress = { ...progress, writes: progress.writes + 1, sightings: 0 };
  switch (result.kind) {
    case "accepted":
      return {
        ...next,
        accepted: progress.accepted + 1,
        generation: result.generation ?? generationOf(raw),
      };
    case "refused":
      return { outcome: "refused", message: result.message, found: effectiveSplit(snapshot) };
    case "conflict":
    case "exists":
    case "not-found":
    case "unknown":
      return { ...next, lastRefusal: result.message };
  }
}

/**
 * Why a revision that the traffic does not name yet cannot take any; null = all can, or nobody can tell just now. Cloud Run
 * accepts such a list, fails to carry it out, and then fails every write after it until the entry is gone.
 */
async function unfitRevision(api: RunApi, snapshot: ServiceSnapshot, target: Split): Promise<string | null> {
  const known = new Set([...snapshot.desired, ...snapshot.effective].map(({ revision }) => revision));
  const unknown = target.filter(({ revision }) => !known.has(revision));
  const reasons = await Promise.all(
    unknown.map(({ revision }) => reasonAgainst(api, snapshot.service, revision)),
  );
  return reasons.find((reason) => reason !== null) ?? null;
}

/** A way back is not given up because a revision cannot be looked at: then the write itself tells. */
async function reasonAgainst(
  api: RunApi,
  service: ServiceKey,
  revision: RevisionName,
): Promise<string | null> {
  try {
    const raw = await api.revision(service, revision);
    const found = raw === null ? null : revisionSnapshotOf(raw);
    if (found === null) return `revision ${revision} does not exist`;
    return found.ready.state === "failed"
      ? `revision ${revision} is not ready: ${found.ready.message}`
      : null;
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
