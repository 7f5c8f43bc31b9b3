import type { RevisionName } from "../../domain/ids.ts";
import { candidateTag, tagsOf } from "../../domain/traffic.ts";
import type { CandidateRequest, ServiceSnapshot } from "../../ports/run.ts";
import { isOver, type Patience, pause } from "../google/patience.ts";
import type { RunContext } from "./run-context.ts";
import {
  desiredShares,
  generationOf,
  type IService,
  revisionSnapshotOf,
  serviceSnapshotOf,
} from "./service-snapshot.ts";
import { trafficBody } from "./traffic-body.ts";

/** `generation`: of the write that added the candidate; what an older answer says is out of date. */
export type Awaited = Readonly<{ revision: RevisionName; generation: number }>;

export type AwaitResult =
  | Readonly<{ result: "ready"; url: string }>
  | Readonly<{ result: "failed"; code: "candidate-not-ready" | "deploy-unfinished"; message: string }>;

/** Writes of the same list after a failure: starts and routes fail now and then with nothing wrong. */
const maxNudges = 1;

type Look = AwaitResult | Readonly<{ result: "working"; why: string }>;

/**
 * Waits until the revision is Ready and its tag leads to it, both read from the resources themselves: an operation can end
 * with another revision's failure, or never. Ends at the deadline at the latest.
 */
export async function awaitCandidate(
  context: RunContext,
  request: CandidateRequest,
  awaited: Awaited,
  patience: Patience,
): Promise<AwaitResult> {
  let nudges = 0;
  for (;;) {
    const raw = await context.api.service(request.service);
    if (raw === null)
      return unfinished(`service ${request.service} was deleted while ${awaited.revision} was on its way`);
    const look = (await lookAtRevision(context, request, awaited, raw)) ?? lookAtTag(request, awaited, raw);
    if (look.result === "ready") return look;
    const isBeingNudged = nudges > 0 && !serviceSnapshotOf(request.service, raw).settled;
    if (look.result === "failed" && !isBeingNudged) {
      if (nudges >= maxNudges) return look;
      nudges += 1;
      await nudge(context, request, raw);
    }
    if (isOver(patience))
      return unfinished(`${awaited.revision} was not ready in the time given: ${sayWhy(look)}`);
    await pause(patience);
  }
}

/** Null = the revision is Ready. */
async function lookAtRevision(
  { api }: RunContext,
  { service }: CandidateRequest,
  { revision, generation }: Awaited,
  raw: IService,
): Promise<Look | null> {
  const found = await api.revision(service, revision);
  const ready = found === null ? null : (revisionSnapshotOf(found)?.ready ?? null);
  if (ready?.state === "ready") return null;
  if (ready?.state === "failed")
    return { result: "failed", code: "candidate-not-ready", message: ready.message };
  const snapshot = serviceSnapshotOf(service, raw);
  if (ready === null && hasFailed(snapshot, raw, generation))
    return { result: "failed", code: "candidate-not-ready", message: snapshot.ready.message };
  return { result: "working", why: ready?.message || "Cloud Run still starts it" };
}

function lookAtTag(
  { service, releaseId }: CandidateRequest,
  { revision, generation }: Awaited,
  raw: IService,
): Look {
  const snapshot = serviceSnapshotOf(service, raw);
  const tag = candidateTag(releaseId);
  const entry = snapshot.effective.find((share) => share.tag === tag && share.revision === revision);
  if (entry?.url) return { result: "ready", url: entry.url };
  if (generationOf(raw) < generation)
    return { result: "working", why: "Cloud Run has not shown the write yet" };
  if (!tagsOf(snapshot.desired).some((one) => one.tag === tag))
    return {
      result: "failed",
      code: "deploy-unfinished",
      message: `somebody removed the tag ${tag} of ${revision}`,
    };
  if (hasFailed(snapshot, raw, generation))
    return { result: "failed", code: "deploy-unfinished", message: snapshot.ready.message };
  return { result: "working", why: snapshot.ready.message || `its tag ${tag} is not served yet` };
}

function hasFailed({ settled, ready }: ServiceSnapshot, raw: IService, generation: number): boolean {
  return settled && ready.state === "failed" && generationOf(raw) >= generation;
}

/** Sends the list that stands once more, so that Cloud Run tries again; whatever comes of it shows at the next look. */
async function nudge({ api }: RunContext, { service }: CandidateRequest, raw: IService): Promise<void> {
  await api.update(service, { traffic: trafficBody(desiredShares(raw)), etag: raw.etag ?? "" }, ["traffic"]);
}

function unfinished(message: string): AwaitResult {
  return { result: "failed", code: "deploy-unfinished", message };
}

function sayWhy(look: Look): string {
  if (look.result === "working") return look.why;
  return look.result === "failed" ? look.message : "";
}
