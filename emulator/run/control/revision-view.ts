import type { Condition } from "./conditions.ts";
import { etagOf } from "./etag.ts";
import { revisionName, serviceName } from "./resource-names.ts";
import type { RevisionRecord, ServiceState } from "./service-records.ts";
import { conditionView } from "./service-view.ts";
import { minInstancesOf } from "./template.ts";
import { timestamp } from "./timestamps.ts";
import { isAddressable } from "./traffic.ts";

type ConditionKind = Pick<Condition, "state" | "message" | "severity" | "reason" | "revisionReason">;

const SUCCEEDED: ConditionKind = { state: "CONDITION_SUCCEEDED" };
const RECONCILING: ConditionKind = { state: "CONDITION_RECONCILING" };
const RETIRED = "RETIRED";

function pendingConditions(at: number): readonly Condition[] {
  const types = ["Ready", "ContainerReady", "ContainerHealthy", "ResourcesAvailable", "Active"];
  return types.map((type) => ({ type, at, ...RECONCILING }));
}

function failedConditions(revision: RevisionRecord, at: number, message: string): readonly Condition[] {
  const failed: ConditionKind = {
    state: "CONDITION_FAILED",
    message,
    severity: "ERROR",
    revisionReason: "HEALTH_CHECK_CONTAINER_ERROR",
  };
  const inactive: ConditionKind = {
    state: "CONDITION_FAILED",
    severity: "INFO",
    revisionReason: "NO_DEPLOYMENT",
  };
  return [
    { type: "Ready", at, ...failed },
    { type: "ContainerReady", at: revision.createdAt, ...SUCCEEDED },
    { type: "ContainerHealthy", at, ...failed },
    { type: "ResourcesAvailable", at, ...SUCCEEDED },
    { type: "Active", at, ...inactive },
  ];
}

/**
 * A healthy revision that nothing leads to: Ready stays SUCCEEDED with the reason RETIRED, and what fails is of severity INFO.
 * Seen on live services; judge a revision by Ready alone.
 */
function retiredConditions(at: Readonly<{ ready: number; container: number }>): readonly Condition[] {
  const unneeded: ConditionKind = { state: "CONDITION_FAILED", severity: "INFO", revisionReason: RETIRED };
  return [
    { type: "Ready", at: at.ready, ...SUCCEEDED, revisionReason: RETIRED },
    { type: "ContainerReady", at: at.container, ...SUCCEEDED },
    { type: "ContainerHealthy", at: at.ready, ...SUCCEEDED },
    { type: "Active", at: at.ready, ...unneeded, message: "Revision retired." },
    { type: "ResourcesAvailable", at: at.ready, ...RECONCILING, revisionReason: RETIRED },
    {
      type: "MinInstancesProvisioned",
      at: at.ready,
      ...unneeded,
      revisionReason: "MIN_INSTANCES_NOT_PROVISIONED",
    },
  ];
}

function minimumCondition(template: RevisionRecord["template"], at: number): Condition {
  const message = minInstancesOf(template) > 0 ? { message: "Min instances provisioned successfully." } : {};
  return { type: "MinInstancesProvisioned", at, ...SUCCEEDED, ...message };
}

/** The conditions of a revision in the order in which they come true. */
export function revisionConditions(state: ServiceState, revision: RevisionRecord): readonly Condition[] {
  const { health } = revision;
  if (health.state === "pending") return pendingConditions(revision.createdAt);
  if (health.state === "failed") return failedConditions(revision, health.at, health.message);
  const { containerReadyAt, healthyAt, provisionedAt } = health;
  if (!isAddressable(state, revision.name))
    return retiredConditions({ ready: healthyAt, container: containerReadyAt });
  return [
    { type: "Ready", at: provisionedAt, ...SUCCEEDED },
    { type: "ContainerReady", at: containerReadyAt, ...SUCCEEDED },
    { type: "ContainerHealthy", at: healthyAt, ...SUCCEEDED },
    { type: "ResourcesAvailable", at: healthyAt, ...SUCCEEDED },
    { type: "Active", at: provisionedAt, ...SUCCEEDED },
    minimumCondition(revision.template, provisionedAt),
  ];
}

/** `google.cloud.run.v2.Revision` of a record. There is no image digest in it: deploy by digest to see one. */
export function revisionView(
  state: ServiceState,
  revision: RevisionRecord,
  desiredMinInstances: number,
): object {
  const { revision: _name, healthCheckDisabled: _skip, ...fields } = revision.template;
  const { key } = state.record;
  const isPending = revision.health.state === "pending";
  return {
    ...fields,
    name: revisionName(key, revision.name),
    uid: revision.uid,
    service: serviceName(key),
    generation: "1",
    observedGeneration: isPending ? "0" : "1",
    createTime: timestamp(revision.createdAt),
    updateTime: timestamp(revision.updatedAt),
    launchStage: "GA",
    reconciling: isPending,
    conditions: revisionConditions(state, revision).map(conditionView),
    scalingStatus: { desiredMinInstanceCount: desiredMinInstances },
    etag: etagOf(revision.updatedAt * 1000),
  };
}
