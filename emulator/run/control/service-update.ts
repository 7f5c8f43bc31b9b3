import { status } from "@grpc/grpc-js";
import { type FieldViolation, invalidArgument, RpcError } from "../../grpc/rpc-error.ts";
import { reconcilingConditions } from "./conditions.ts";
import { etagOf, nextVersion, versionOf } from "./etag.ts";
import { applyFieldMask, mutableFields } from "./field-mask.ts";
import { conflictMessage, revisionNameTakenMessage } from "./messages.ts";
import type { RegionQuotas } from "./quotas.ts";
import { generatedRevisionName } from "./resource-names.ts";
import type { RevisionTemplate, ServiceBody, ServiceSpec } from "./resources.ts";
import type { RevisionRecord, ServiceKey, ServiceRecord, ServiceState } from "./service-records.ts";
import { findRevision } from "./service-records.ts";
import { validateService } from "./service-validation.ts";
import { isSameConfiguration, isSameValue, withTemplateDefaults } from "./template.ts";

/** What an update needs from outside: the time in milliseconds since the epoch, ids, and chance for generated names. */
export type UpdateContext = Readonly<{
  now: number;
  newUid: () => string;
  random: () => number;
  quotas: RegionQuotas;
}>;

/** An accepted write: the state after it and the revision that it creates, if any. */
export type AcceptedUpdate = Readonly<{ ok: true; state: ServiceState; created: string | null }>;

export type UpdateDecision = AcceptedUpdate | Readonly<{ ok: false; error: RpcError }>;

type NamedRevision = Readonly<{ ok: true; name: string; isNew: boolean }>;
type RevisionChoice = NamedRevision | Readonly<{ ok: false; error: RpcError }>;

function refuse(violations: readonly FieldViolation[]): Readonly<{ ok: false; error: RpcError }> {
  return { ok: false, error: invalidArgument(violations) };
}

function withDefaults(spec: ServiceSpec): ServiceSpec {
  return spec.template === undefined ? spec : { ...spec, template: withTemplateDefaults(spec.template) };
}

/** A revision name means one configuration for ever; a template that did not change makes no revision. */
function chooseRevision(
  previous: ServiceState,
  template: RevisionTemplate,
  generatedName: string,
): RevisionChoice {
  const asked = template.revision ?? "";
  if (asked === "") {
    const current = previous.record.spec.template;
    const isSame = current !== undefined && isSameConfiguration(current, template);
    return isSame
      ? { ok: true, name: previous.record.latestCreated, isNew: false }
      : { ok: true, name: generatedName, isNew: true };
  }
  const existing = findRevision(previous, asked);
  if (existing === undefined) return { ok: true, name: asked, isNew: true };
  if (isSameConfiguration(existing.template, template)) return { ok: true, name: asked, isNew: false };
  return { ok: false, error: new RpcError(status.ALREADY_EXISTS, revisionNameTakenMessage(asked)) };
}

function newRevision(
  name: string,
  template: RevisionTemplate,
  generation: number,
  { now, newUid }: UpdateContext,
): RevisionRecord {
  const health = { state: "pending" } as const;
  return { name, uid: newUid(), template, generation, createdAt: now, updatedAt: now, health };
}

/** Creation of a service that does not exist yet. */
export function decideCreate(key: ServiceKey, body: ServiceBody, context: UpdateContext): UpdateDecision {
  const spec = withDefaults(mutableFields(body));
  const violations = validateService(key.service, spec, context.quotas);
  if (violations.length > 0 || spec.template === undefined) return refuse(violations);
  const { now } = context;
  const name = spec.template.revision || generatedRevisionName(key.service, 1, context.random);
  const record: ServiceRecord = {
    key,
    uid: context.newUid(),
    spec,
    generation: 1,
    observedGeneration: 0,
    version: nextVersion(now, 0),
    createdAt: now,
    updatedAt: now,
    reconciling: true,
    ...reconcilingConditions(now),
    latestCreated: name,
    latestReady: null,
    effective: [],
  };
  const revisions = [newRevision(name, spec.template, 1, context)];
  return { ok: true, state: { record, revisions }, created: name };
}

/** Null when the etag is absent or current. */
export function staleEtag(record: ServiceRecord, etag: string | undefined): RpcError | null {
  if (!etag || etag === etagOf(record.version)) return null;
  const message = conflictMessage(record.key.service, versionOf(etag), String(record.version));
  return new RpcError(status.ABORTED, message);
}

function nextState(
  previous: ServiceState,
  spec: ServiceSpec,
  choice: NamedRevision,
  context: UpdateContext,
): ServiceState {
  const { record } = previous;
  const { now } = context;
  const generation = record.generation + (isSameValue(record.spec, spec) ? 0 : 1);
  const next: ServiceRecord = {
    ...record,
    spec,
    generation,
    version: nextVersion(now, record.version),
    updatedAt: now,
    reconciling: true,
    ...reconcilingConditions(now),
    latestCreated: choice.name,
  };
  const { template } = spec;
  if (!choice.isNew || template === undefined) return { record: next, revisions: previous.revisions };
  const created = newRevision(choice.name, template, generation, context);
  return { record: next, revisions: [...previous.revisions, created] };
}

/** An update of a service that exists: etag, mask, defaults, validation, then the revision that it makes. */
export function decideUpdate(
  previous: ServiceState,
  request: Readonly<{ body: ServiceBody; paths: readonly string[] }>,
  context: UpdateContext,
): UpdateDecision {
  const { record } = previous;
  const stale = staleEtag(record, request.body.etag);
  if (stale !== null) return { ok: false, error: stale };
  const masked = applyFieldMask(record.spec, request.body, request.paths);
  if (!masked.ok) return refuse([{ field: `update_mask.${masked.path}`, description: masked.problem }]);
  const spec = withDefaults(masked.spec);
  const violations = validateService(record.key.service, spec, context.quotas);
  if (violations.length > 0 || spec.template === undefined) return refuse(violations);
  const generatedName = generatedRevisionName(record.key.service, record.generation + 1, context.random);
  const choice = chooseRevision(previous, spec.template, generatedName);
  if (!choice.ok) return choice;
  const state = nextState(previous, spec, choice, context);
  return { ok: true, state, created: choice.isNew ? choice.name : null };
}
