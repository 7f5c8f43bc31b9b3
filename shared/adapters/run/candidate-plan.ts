import type { RevisionName } from "../../domain/ids.ts";
import {
  candidateTag,
  describeSplit,
  isGantryTag,
  isSameSplit,
  type Split,
  soleRevision,
  splitOf,
  type TrafficShare,
  type TrafficTag,
  tagsOf,
  trafficList,
} from "../../domain/traffic.ts";
import type { CandidateRequest, ServiceSnapshot } from "../../ports/run.ts";
import { partsOf } from "../google/service-parts.ts";
import { baseTemplate, candidateTemplate, revisionLabels } from "./candidate-template.ts";
import { createdByLabel } from "./first-service.ts";
import { revisionNameFor } from "./revision-name.ts";
import {
  desiredShares,
  type IRevision,
  type IService,
  revisionSnapshotOf,
  routesOf,
  serviceSnapshotOf,
} from "./service-snapshot.ts";
import { trafficBody } from "./traffic-body.ts";

/** A service with the revisions that its traffic names; null = the revision does not exist. */
export type Surroundings = Readonly<{
  service: IService;
  revisions: ReadonlyMap<RevisionName, IRevision | null>;
}>;

export type MaskPaths = readonly [string, ...string[]];

/**
 * `adopt`: an earlier call already wrote this candidate. `write`: one update that adds it. `wait`: what is effective is not
 * yet what was asked for. `refuse`: nobody can say which revision is stable.
 */
export type CandidatePlan =
  | Readonly<{ plan: "adopt"; revision: RevisionName; stable: RevisionName | null }>
  | Readonly<{
      plan: "write";
      body: IService;
      paths: MaskPaths;
      traffic: readonly TrafficShare[];
      revision: RevisionName;
      stable: RevisionName;
    }>
  | Readonly<{ plan: "wait" }>
  | Readonly<{ plan: "refuse"; message: string }>;

type PlanRequest = Pick<CandidateRequest, "service" | "releaseId" | "tag" | "image" | "runtime">;

/** The revisions that a plan has to know: all that the desired and the effective traffic name. */
export function namedRevisions({ desired, effective }: ServiceSnapshot): readonly RevisionName[] {
  const names = [...desired, ...effective].flatMap(({ revision }) => (revision === null ? [] : [revision]));
  return [...new Set(names)];
}

/**
 * What to do about a candidate, given what there is. `attempt` is 1-based and part of the revision's name. Somebody's write
 * that is still being carried out is waited for, unless `isPatient` is over.
 */
export function planCandidate(
  surroundings: Surroundings,
  request: PlanRequest,
  { attempt, isPatient }: Readonly<{ attempt: number; isPatient: boolean }>,
): CandidatePlan {
  const snapshot = serviceSnapshotOf(request.service, surroundings.service);
  const { effective, desired, latestReadyRevision: latest } = snapshot;
  const served = splitOf({ shares: effective, latest });
  const stable = soleRevision(served);
  const written = writtenCandidate(surroundings, request);
  if (written !== null) return adoption(surroundings, request, { revision: written, stable, served });
  const wished = splitOf({ shares: desired, latest });
  if (isPatient && isUnderWay(surroundings.service, snapshot, isSameSplit(wished, served)))
    return { plan: "wait" };
  if (stable === null) return refusal(served);
  if (isDeployUnderWay(surroundings.service, snapshot))
    return { plan: "refuse", message: "somebody's own deploy to this service is still under way" };
  if (!isSameSplit(wished, served) && !isOwnRemnant(surroundings, snapshot, { wished, stable }))
    return { plan: "refuse", message: mismatch(wished, served) };
  return writePlan(surroundings, { ...request, stable, attempt });
}

/** Whether waiting may still bring what is served and what was asked for together. */
function isUnderWay(service: IService, { settled }: ServiceSnapshot, isServedAsWished: boolean): boolean {
  return !settled || (!isServedAsWished && routesOf(service).state !== "failed");
}

/** A revision that is to take the traffic of `latest` once it is ready: to pin the one before would undo a deploy. */
function isDeployUnderWay(service: IService, { settled, desired }: ServiceSnapshot): boolean {
  const isLatestServed = service.latestCreatedRevision === service.latestReadyRevision;
  return (
    !settled && !isLatestServed && desired.some(({ revision, percent }) => revision === null && percent > 0)
  );
}

/** The revision that the release's own tag leads to, as far as it is this release's. */
function writtenCandidate(
  { service, revisions }: Surroundings,
  { releaseId }: PlanRequest,
): RevisionName | null {
  const tag = candidateTag(releaseId);
  const entry = desiredShares(service).find((share) => share.tag === tag);
  if (entry === undefined) return null;
  const template = service.template;
  const isInTemplate = template?.labels?.[revisionLabels.release] === releaseId;
  const latest = isInTemplate ? revisionSnapshotOf({ name: template?.revision ?? "" }) : null;
  const name = entry.revision ?? latest?.revision ?? null;
  const known = name === null ? undefined : revisions.get(name);
  const isOurs = known ? known.labels?.[revisionLabels.release] === releaseId : latest?.revision === name;
  return isOurs ? name : null;
}

function adoption(
  { service }: Surroundings,
  { releaseId }: PlanRequest,
  {
    revision,
    stable,
    served,
  }: Readonly<{ revision: RevisionName; stable: RevisionName | null; served: Split }>,
): CandidatePlan {
  if (stable !== null && stable !== revision) return { plan: "adopt", revision, stable };
  const isFirst = service.labels?.[createdByLabel] === releaseId;
  if (isFirst && (stable === revision || served.length === 0))
    return { plan: "adopt", revision, stable: null };
  return refusal(served);
}

function refusal(served: Split): CandidatePlan {
  const message = `no single revision serves all traffic, so there is no stable one to return to: found ${describeSplit(served)}`;
  return { plan: "refuse", message };
}

function mismatch(wished: Split, served: Split): string {
  return `the traffic that was asked for (${describeSplit(wished)}) is not what is served (${describeSplit(served)})`;
}

/**
 * Whether a list that Cloud Run could not carry out is what a failed release of Gantry's left: every share that is not
 * served belongs to one of Gantry's revisions. What a person asked for is never undone.
 */
function isOwnRemnant(
  { revisions }: Surroundings,
  { desired, settled, ready }: ServiceSnapshot,
  { wished, stable }: Readonly<{ wished: Split; stable: RevisionName }>,
): boolean {
  if (!settled || ready.state !== "failed") return false;
  const strangers = wished.filter(({ revision }) => revision !== stable);
  return strangers.every(({ revision }) => {
    const isTagged = desired.some((share) => share.revision === revision && isGantryTag(share.tag ?? ""));
    return isTagged || revisions.get(revision)?.labels?.[revisionLabels.release] !== undefined;
  });
}

/** One update: the template of the candidate, stable pinned by name, the candidate at 0 % with its tag. */
function writePlan(
  surroundings: Surroundings,
  request: PlanRequest & Readonly<{ stable: RevisionName; attempt: number }>,
): CandidatePlan {
  const { service, revisions } = surroundings;
  const { stable, releaseId, image, tag, attempt, runtime } = request;
  const base = baseTemplate({ service, stable: revisions.get(stable) ?? null, releaseId });
  const template = candidateTemplate(base.template, { releaseId, image, runtime, stable });
  const seed = { digest: image.digest, template, releaseId, attempt };
  const revision = revisionNameFor({ service: partsOf(request.service).name, tag, seed });
  const own: TrafficTag = { revision, tag: candidateTag(releaseId) };
  const traffic = trafficList({
    split: [{ revision: stable, percent: 100 }],
    tags: [own, ...keptTags(surroundings, own.tag)],
  });
  const body: IService = {
    template: { ...template, revision },
    traffic: trafficBody(traffic),
    etag: service.etag ?? "",
  };
  return { plan: "write", body, paths: pathsOf(request, base.restored), traffic, revision, stable };
}

/** Tags of others stay; of Gantry's own only those that lead to a revision which is Ready. */
function keptTags({ service, revisions }: Surroundings, own: string): readonly TrafficTag[] {
  return tagsOf(desiredShares(service)).filter(({ tag, revision }) => {
    if (!isGantryTag(tag)) return true;
    const raw = revision === null ? undefined : revisions.get(revision);
    return tag !== own && raw != null && revisionSnapshotOf(raw)?.ready.state === "ready";
  });
}

/**
 * Only the fields that change, so that a field of the template which this client does not know yet survives. A restored
 * template is written whole.
 */
function pathsOf({ runtime }: PlanRequest, restored: boolean): MaskPaths {
  if (restored) return ["template", "traffic"];
  const account = runtime.serviceAccount === null ? [] : ["template.service_account"];
  return ["template.revision", "template.labels", "template.containers", ...account, "traffic"];
}
