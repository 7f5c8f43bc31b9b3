import type { ReleaseId, ServiceKey } from "../../domain/ids.ts";
import { candidateTag, tagsOf, withoutTag } from "../../domain/traffic.ts";
import { isOver, type Patience, pause } from "../google/patience.ts";
import { revisionLabels } from "./candidate-template.ts";
import { createdByLabel } from "./first-service.ts";
import type { WriteResult } from "./run-api.ts";
import { gaveUp, type RunContext, refused, timedOut } from "./run-context.ts";
import { desiredShares, type IService } from "./service-snapshot.ts";
import { trafficBody } from "./traffic-body.ts";

export type Removal = Readonly<{ service: ServiceKey; releaseId: ReleaseId; ended: "live" | "failed" }>;

/**
 * Takes the release's tag and 0 % entry out of the desired traffic; a failed release's own service goes as a whole. Returns
 * once that is read back. @throws AppError when it cannot be done in time.
 */
export async function removeCandidate(
  context: RunContext,
  removal: Removal,
  patience: Patience,
): Promise<void> {
  const doing = `remove what release ${removal.releaseId} left`;
  let why = "";
  for (let writes = 0; writes < context.settings.maxWrites; writes += 1) {
    const remnant = (await remnantOf(context, removal)) ?? (await secondLook(context, removal, patience));
    if (remnant === null) return;
    if (isOver(patience)) throw timedOut(doing);
    const result = await write(context, removal, remnant);
    if (result.kind === "refused") throw refused(doing, result.message);
    if (result.kind === "accepted") return waitUntilGone(context, removal, patience);
    why = result.message;
    await pause(patience);
  }
  throw gaveUp(doing, why);
}

/** What there is to remove; null = nothing. */
type Remnant = Readonly<{ raw: IService; isWhole: boolean }>;

async function remnantOf(context: RunContext, removal: Removal): Promise<Remnant | null> {
  const raw = await context.api.service(removal.service);
  if (raw === null) return null;
  const isWhole = await isOwnService(context, removal, raw);
  return isWhole || isTagged(raw, removal.releaseId) ? { raw, isWhole } : null;
}

/** One reading may be older than the write that left the candidate there. */
async function secondLook(
  context: RunContext,
  removal: Removal,
  patience: Patience,
): Promise<Remnant | null> {
  await pause(patience);
  return remnantOf(context, removal);
}

/** Reads back what was accepted: a deletion takes its time, and one answer may be out of date. */
async function waitUntilGone(context: RunContext, removal: Removal, patience: Patience): Promise<void> {
  while ((await remnantOf(context, removal)) !== null) {
    if (isOver(patience)) throw timedOut(`remove what release ${removal.releaseId} left`);
    await pause(patience);
  }
}

function isTagged(raw: IService, releaseId: ReleaseId): boolean {
  return tagsOf(desiredShares(raw)).some(({ tag }) => tag === candidateTag(releaseId));
}

/** Whether the service exists only because of this failed release: it made it, and every revision is the release's. */
async function isOwnService({ api }: RunContext, removal: Removal, raw: IService): Promise<boolean> {
  const { service, releaseId, ended } = removal;
  if (ended !== "failed" || raw.labels?.[createdByLabel] !== releaseId) return false;
  const revisions = await api.revisions(service);
  return revisions.every(({ labels }) => labels?.[revisionLabels.release] === releaseId);
}

async function write(
  { api }: RunContext,
  { service, releaseId }: Removal,
  { raw, isWhole }: Remnant,
): Promise<WriteResult> {
  const etag = raw.etag ?? "";
  if (isWhole) return api.remove(service, etag);
  const traffic = trafficBody(withoutTag(desiredShares(raw), candidateTag(releaseId)));
  return api.update(service, { traffic, etag }, ["traffic"]);
}
