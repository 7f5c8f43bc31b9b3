import type { MinimumOutcome, MinimumRequest } from "../../ports/run.ts";
import { isOver, pause, throwIfCalledOff } from "../google/patience.ts";
import { gaveUp, patienceFor, type RunContext, timedOut } from "./run-context.ts";
import { generationOf, type IService } from "./service-snapshot.ts";
import { serviceSettingsOf } from "./settings-reading.ts";

/** What this call has done so far. */
export type MinimumProgress = Readonly<{
  writes: number;
  accepted: number; // writes that Cloud Run took
  /** The latest generation that was written or read; an answer from before it is out of date. */
  generation: number;
  sightings: number; // consecutive readings that showed the same end, without a write that proves them fresh
  lastRefusal: string;
}>;

type NextMove = Readonly<{ move: "write" | "look" | "look-again" }> | Readonly<{ done: MinimumOutcome }>;

/** A reading may be older than the last write, so what no write of this call proves counts only when seen twice. */
const sightingsNeeded = 2;

/**
 * As `RunPort.setMinInstances` promises: a masked write of the service's own minimum, with the etag that was read. The
 * template is not in the mask, so no revision is made (UpdateServiceRequest.update_mask, service.proto).
 * @throws AppError when it is not read back in time, or conflicts do not end.
 */
export async function setMinInstances(context: RunContext, request: MinimumRequest): Promise<MinimumOutcome> {
  const patience = patienceFor(context, request);
  let progress: MinimumProgress = { writes: 0, accepted: 0, generation: 0, sightings: 0, lastRefusal: "" };
  for (;;) {
    throwIfCalledOff(patience);
    const raw = await context.api.service(request.service);
    if (raw === null) return { outcome: "refused", message: "the service does not exist" };
    const next = nextMove(raw, request, progress);
    if ("done" in next) return next.done;
    if (isOver(patience)) throw timedOut(`set the minimum of ${request.service} to ${request.minimum}`);
    const seen = sighted(progress, raw, next.move);
    const after = next.move === "write" ? await write(context, request, raw, seen) : seen;
    if ("outcome" in after) return after;
    progress = after;
    await pause(patience);
  }
}

function sighted(
  progress: MinimumProgress,
  raw: IService,
  move: "write" | "look" | "look-again",
): MinimumProgress {
  const generation = Math.max(progress.generation, generationOf(raw));
  return { ...progress, generation, sightings: move === "look-again" ? progress.sightings + 1 : 0 };
}

/** What one reading of the service leads to. */
export function nextMove(
  raw: IService,
  { minimum, expected }: MinimumRequest,
  { accepted, generation, sightings }: MinimumProgress,
): NextMove {
  if (generationOf(raw) < generation) return { move: "look" };
  const { instances, manualInstances } = serviceSettingsOf(raw).service;
  const found = manualInstances === null ? (instances.min ?? 0) : null;
  const isProven = sightings + 1 >= sightingsNeeded;
  if (found === minimum)
    return accepted > 0 || isProven ? { done: { outcome: "set" } } : { move: "look-again" };
  // Somebody wrote after this call's own write was taken: theirs wins.
  if (found === expected && accepted === 0) return { move: "write" };
  const by = raw.lastModifier || null;
  return isProven ? { done: { outcome: "changed", found, by } } : { move: "look-again" };
}

async function write(
  { api, settings }: RunContext,
  { service, minimum }: MinimumRequest,
  raw: IService,
  progress: MinimumProgress,
): Promise<MinimumProgress | MinimumOutcome> {
  if (progress.writes >= settings.maxWrites)
    throw gaveUp(`set the minimum of ${service} to ${minimum}`, progress.lastRefusal);
  const body = { scaling: { minInstanceCount: minimum }, etag: raw.etag ?? "" };
  const result = await api.update(service, body, ["scaling.min_instance_count"]);
  const next = { ...progress, writes: progress.writes + 1 };
  switch (result.kind) {
    case "accepted":
      return { ...next, accepted: next.accepted + 1, generation: result.generation ?? generationOf(raw) };
    case "refused":
      return { outcome: "refused", message: result.message };
    case "conflict":
    case "exists":
    case "not-found":
    case "unknown":
      return { ...next, lastRefusal: result.message };
  }
}
