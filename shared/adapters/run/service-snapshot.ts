import type { protos } from "@google-cloud/run";
import type { ServiceKey } from "../../domain/ids.ts";
import type { TrafficShare } from "../../domain/traffic.ts";
import type { RevisionSnapshot, ServiceSnapshot } from "../../ports/run.ts";
import { shortRevisionName } from "./resource-names.ts";

export type IService = protos.google.cloud.run.v2.IService;
export type IRevision = protos.google.cloud.run.v2.IRevision;
type ICondition = protos.google.cloud.run.v2.ICondition;
type ITarget = protos.google.cloud.run.v2.ITrafficTarget;
type ITargetStatus = protos.google.cloud.run.v2.ITrafficTargetStatus;

/** The API's enums come as names from a plain call and as numbers from an operation's result. */
const states: Readonly<Record<number, string>> = { 3: "CONDITION_FAILED", 4: "CONDITION_SUCCEEDED" };
const severities: Readonly<Record<number, string>> = { 1: "ERROR", 2: "WARNING", 3: "INFO" };

type EnumValue = string | number | null | undefined;

function nameOf(value: EnumValue, names: Readonly<Record<number, string>>): string {
  return typeof value === "number" ? (names[value] ?? "") : (value ?? "");
}

export type Readiness = RevisionSnapshot["ready"];

/**
 * What a Ready condition says. A failure of severity INFO or WARNING is none, and a revision that retired is still ready
 * (`google.cloud.run.v2.Condition`).
 */
export function readinessOf(condition: ICondition | null | undefined): Readiness {
  const state = nameOf(condition?.state, states);
  const severity = nameOf(condition?.severity, severities);
  const isFailed = state === "CONDITION_FAILED" && severity !== "INFO" && severity !== "WARNING";
  const reason = condition?.revisionReason || condition?.reason || "";
  const message = condition?.message ?? "";
  if (state === "CONDITION_SUCCEEDED") return { state: "ready", reason: String(reason), message };
  return { state: isFailed ? "failed" : "working", reason: String(reason), message };
}

/**
 * Whether the traffic list could be carried out. The service as a whole stays failed for as long as its newest revision
 * has, even where no traffic is meant for that one (`ConfigurationsReady` beside `RoutesReady`).
 */
export function routesOf({ conditions, terminalCondition }: IService): Readiness {
  return readinessOf(conditions?.find(({ type }) => type === "RoutesReady") ?? terminalCondition);
}

/** The counter that Cloud Run raises with every accepted write. */
export function generationOf(resource: Readonly<{ generation?: unknown }>): number {
  return Number(String(resource.generation ?? 0));
}

function shareOf({ type, revision, percent, tag }: ITarget): TrafficShare {
  const isLatest = type === 1 || type === "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";
  const named = isLatest ? null : shortRevisionName(revision);
  return { revision: named, percent: percent ?? 0, tag: tag || null };
}

/** The traffic that was asked for; an empty list asks for all of it to the latest ready revision. */
export function desiredShares({ traffic }: IService): readonly TrafficShare[] {
  if (!traffic || traffic.length === 0) return [{ revision: null, percent: 100, tag: null }];
  return traffic.map(shareOf);
}

function effectiveShare(
  status: ITargetStatus,
  latest: ServiceSnapshot["latestReadyRevision"],
): ServiceSnapshot["effective"][number] {
  const named = shortRevisionName(status.revision);
  return {
    revision: named ?? latest,
    percent: status.percent ?? 0,
    tag: status.tag || null,
    url: status.uri || null,
  };
}

/** The service as the port tells it. */
export function serviceSnapshotOf(service: ServiceKey, raw: IService): ServiceSnapshot {
  const latest = shortRevisionName(raw.latestReadyRevision);
  const ready = readinessOf(raw.terminalCondition);
  const isCarriedOut = generationOf(raw) === generationOf({ generation: raw.observedGeneration });
  // After a failure the observed generation stays at the last one that was served ("reconciling", service.proto).
  const isSettled =
    !raw.reconciling && (ready.state === "failed" || (ready.state === "ready" && isCarriedOut));
  return {
    service,
    url: raw.uri ?? "",
    desired: desiredShares(raw),
    effective: (raw.trafficStatuses ?? []).map((status) => effectiveShare(status, latest)),
    settled: isSettled,
    ready: { state: ready.state, message: ready.message },
    latestReadyRevision: latest,
  };
}

/** The digest that the serving container was deployed by: v2 tells it nowhere else. */
function digestOf({ containers }: IRevision): string | null {
  const serving = containers?.find(({ ports }) => (ports ?? []).length > 0) ?? containers?.[0];
  return /@(sha256:[0-9a-f]{64})$/.exec(serving?.image ?? "")?.[1] ?? null;
}

/** The revision as the port tells it; null when it has no name. */
export function revisionSnapshotOf(raw: IRevision): RevisionSnapshot | null {
  const revision = shortRevisionName(raw.name);
  if (revision === null) return null;
  return {
    revision,
    imageDigest: digestOf(raw),
    labels: raw.labels ?? {},
    createdAt: timeOf(raw.createTime),
    firstStart: firstStartOf(raw),
    ready: readinessOf(raw.conditions?.find(({ type }) => type === "Ready")),
  };
}

type IStamp = NonNullable<IRevision["createTime"]>;

function timeOf(stamp: IStamp | null | undefined): number | null {
  if (!stamp) return null;
  return Number(String(stamp.seconds ?? 0)) * 1000 + (stamp.nanos ?? 0) / 1_000_000;
}

/**
 * `ContainerReady` turns true once the image is imported, `ContainerHealthy` once the first instance passed its startup
 * probe: https://cloud.google.com/run/docs/troubleshooting. A revision that skips its check (HEALTH_CHECK_SKIPPED,
 * google/cloud/run/v2/condition.proto) tells of no start.
 */
function firstStartOf({ conditions }: IRevision): RevisionSnapshot["firstStart"] {
  const succeededAt = (wanted: string): number | null => {
    const condition = conditions?.find(({ type }) => type === wanted);
    const reason = condition?.revisionReason;
    if (readinessOf(condition).state !== "ready") return null;
    if (reason === "HEALTH_CHECK_SKIPPED" || reason === 11) return null;
    return timeOf(condition?.lastTransitionTime);
  };
  const from = succeededAt("ContainerReady");
  const to = succeededAt("ContainerHealthy");
  return from === null || to === null ? null : { from: Math.round(from), to: Math.round(to) };
}

/** Milliseconds since 1970 UTC at which the revision was created, 0 when it does not say. */
export function createdAtOf({ createTime }: IRevision): number {
  return timeOf(createTime) ?? 0;
}
