import { candidateTag } from "../../domain/traffic.ts";
import type { CandidateOutcome, CandidateRequest } from "../../ports/run.ts";
import { awaitCandidate } from "./await-candidate.ts";
import { placeCandidate } from "./place-candidate.ts";
import { removeCandidate } from "./remove-candidate.ts";
import { patienceFor, type RunContext } from "./run-context.ts";

/** Places the candidate, waits for it, and takes it out of the desired traffic again when it does not come up. */
export async function deployCandidate(
  context: RunContext,
  request: CandidateRequest,
): Promise<CandidateOutcome> {
  const patience = patienceFor(context, request);
  const placed = await placeCandidate(context, request, patience);
  if (placed.outcome === "refused") return placed;
  const { revision, stable } = placed;
  const awaited = await awaitCandidate(context, request, placed, patience);
  if (awaited.result === "ready") {
    const { url } = awaited;
    const candidate = { revision, tag: candidateTag(request.releaseId), url, image: request.image };
    return { outcome: "ready", candidate, stable };
  }
  const { service, releaseId, signal } = request;
  const cleaning = patienceFor(context, { deadlineMs: context.settings.cleanUpMs, signal });
  await removeCandidate(context, { service, releaseId, ended: "failed" }, cleaning);
  return { outcome: "failed", code: awaited.code, message: awaited.message };
}
