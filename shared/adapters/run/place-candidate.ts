import type { RevisionName } from "../../domain/ids.ts";
import { accountRefusal } from "../../domain/runtime-account.ts";
import { candidateTag } from "../../domain/traffic.ts";
import type { CandidateOutcome, CandidateRequest } from "../../ports/run.ts";
import { atMost, isOver, type Patience, pause, throwIfCalledOff } from "../google/patience.ts";
import { partsOf } from "../google/service-parts.ts";
import { type CandidatePlan, namedRevisions, planCandidate, type Surroundings } from "./candidate-plan.ts";
import { revisionLabels } from "./candidate-template.ts";
import { firstService, firstTemplate } from "./first-service.ts";
import { revisionNameFor } from "./revision-name.ts";
import type { WriteResult } from "./run-api.ts";
import { gaveUp, type RunContext, timedOut } from "./run-context.ts";
import {
  generationOf,
  type IRevision,
  type IService,
  revisionSnapshotOf,
  serviceSnapshotOf,
} from "./service-snapshot.ts";

type Refusal = Extract<CandidateOutcome, { outcome: "refused" }>;

/** The candidate stands in the desired state of the service, since `generation` at the latest. */
export type Placed = Readonly<{
  outcome: "placed";
  revision: RevisionName;
  stable: RevisionName | null;
  generation: number;
}>;

/** `again`: read anew, since somebody else wrote or the answer was lost. `rename`: the revision's name is taken. */
type Step = Placed | Refusal | Readonly<{ outcome: "again" | "rename" | "wait"; why: string }>;

type WritePlan = Extract<CandidatePlan, { plan: "write" }>;

type Try = Readonly<{ attempt: number; isPatient: boolean }>;

/**
 * Makes the candidate stand in the service, by ONE write however often this is called: what an earlier call wrote is found
 * by its tag, and a write whose answer was lost is looked up before another is sent.
 * @throws AppError when conflicts or lost answers do not end.
 */
export async function placeCandidate(
  context: RunContext,
  request: CandidateRequest,
  patience: Patience,
): Promise<Placed | Refusal> {
  const settling = atMost(patience, context.settings.settleMs);
  let attempt = 1;
  let why = "";
  for (let writes = 0; writes < context.settings.maxWrites && !isOver(patience); ) {
    throwIfCalledOff(patience);
    const step = await placeOnce(context, request, { attempt, isPatient: !isOver(settling) });
    if (step.outcome === "placed" || step.outcome === "refused") return step;
    why = step.why;
    if (step.outcome !== "wait") writes += 1;
    if (step.outcome === "rename") attempt += 1;
    await pause(patience);
  }
  if (isOver(patience)) throw timedOut(`add the candidate of release ${request.releaseId}`);
  throw gaveUp(`add the candidate of release ${request.releaseId}`, why);
}

async function placeOnce(context: RunContext, request: CandidateRequest, current: Try): Promise<Step> {
  const raw = await context.api.service(request.service);
  if (raw === null) return createService(context, request, current);
  const surroundings = await surroundingsOf(context, request, raw);
  const plan = planCandidate(surroundings, request, current);
  switch (plan.plan) {
    case "wait":
      return { outcome: "wait", why: "what was written before is still being carried out" };
    case "refuse":
      return { outcome: "refused", code: "traffic-ambiguous", message: plan.message };
    case "adopt":
      return { outcome: "placed", revision: plan.revision, stable: plan.stable, generation: 0 };
    case "write":
      return refusedAccount(request, raw) ?? writeCandidate(context, request, plan, raw);
  }
}

async function surroundingsOf(
  { api }: RunContext,
  { service }: CandidateRequest,
  raw: IService,
): Promise<Surroundings> {
  const names = namedRevisions(serviceSnapshotOf(service, raw));
  const found = await Promise.all(names.map((name) => api.revision(service, name)));
  const revisions = new Map<RevisionName, IRevision | null>(
    names.map((name, index) => [name, found[index] ?? null]),
  );
  return { service: raw, revisions };
}

async function writeCandidate(
  context: RunContext,
  request: CandidateRequest,
  plan: WritePlan,
  raw: IService,
): Promise<Step> {
  const { revision, stable } = plan;
  const result = await context.api.update(request.service, plan.body, plan.paths);
  if (result.kind !== "exists") return stepOf(result, { revision, stable, before: generationOf(raw) });
  const known = await context.api.revision(request.service, revision);
  if (!isSameCandidate(known, request)) return { outcome: "rename", why: result.message };
  // The revision stands already and the template moved on: only the traffic entry is missing.
  const entry: IService = { traffic: plan.body.traffic ?? [], etag: raw.etag ?? "" };
  const attached = await context.api.update(request.service, entry, ["traffic"]);
  return stepOf(attached, { revision, stable, before: generationOf(raw) });
}

/** The name holds a hash of the template, so a revision of this release and image under it is the same candidate. */
function isSameCandidate(known: IRevision | null, { releaseId, image }: CandidateRequest): boolean {
  const snapshot = known === null ? null : revisionSnapshotOf(known);
  return snapshot?.labels[revisionLabels.release] === releaseId && snapshot.imageDigest === image.digest;
}

/** A service that does not exist is made with the candidate as its first revision. */
async function createService(
  { api }: RunContext,
  request: CandidateRequest,
  { attempt }: Try,
): Promise<Step> {
  const refused = refusedAccount(request, null);
  if (refused !== null) return refused;
  const { service, releaseId, image, runtime, guardrails, tag } = request;
  const template = firstTemplate(guardrails, { releaseId, image, runtime, stable: null });
  const seed = { digest: image.digest, template, releaseId, attempt };
  const revision = revisionNameFor({ service: partsOf(service).name, tag, seed });
  const body = firstService({ template, revision, tag: candidateTag(releaseId), guardrails, releaseId });
  const result = await api.create(service, body);
  return stepOf(result, { revision, stable: null, before: 0 });
}

/** The preflight asked the same; the policy or the service may have changed since. The write carries the etag of this reading. */
function refusedAccount(
  { runtime, guardrails, accounts }: CandidateRequest,
  raw: IService | null,
): Refusal | null {
  const live = raw === null ? null : { serviceAccount: raw.template?.serviceAccount || null };
  const message = accountRefusal({ config: { runtime, guardrails }, live, accounts });
  return message === null ? null : { outcome: "refused", code: "deploy-refused", message };
}

function stepOf(
  result: WriteResult,
  {
    revision,
    stable,
    before,
  }: Readonly<{ revision: RevisionName; stable: RevisionName | null; before: number }>,
): Step {
  switch (result.kind) {
    case "accepted":
      return { outcome: "placed", revision, stable, generation: result.generation ?? before };
    case "refused":
      return { outcome: "refused", code: "deploy-refused", message: result.message };
    case "conflict":
    case "exists":
    case "not-found":
    case "unknown":
      return { outcome: "again", why: result.message };
  }
}
