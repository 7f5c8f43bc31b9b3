/** `google.cloud.run.v2.Condition` with its time in milliseconds since the epoch. */
export type Condition = Readonly<{
  type: string;
  state: "CONDITION_PENDING" | "CONDITION_RECONCILING" | "CONDITION_FAILED" | "CONDITION_SUCCEEDED";
  at: number;
  message?: string;
  severity?: "ERROR" | "WARNING" | "INFO";
  reason?: string;
  revisionReason?: string;
}>;

export type ServiceConditions = Readonly<{ terminal: Condition; conditions: readonly Condition[] }>;

/** While a generation is being carried out. */
export function reconcilingConditions(at: number): ServiceConditions {
  const state = "CONDITION_RECONCILING";
  return {
    terminal: { type: "Ready", state, at },
    conditions: [
      { type: "ConfigurationsReady", state, at },
      { type: "RoutesReady", state, at },
    ],
  };
}

/** Traffic waits until the minimum instances of its revisions run. */
export function warmingConditions(at: number): ServiceConditions {
  const { terminal } = reconcilingConditions(at);
  const warming: Condition = {
    type: "RoutesReady",
    state: "CONDITION_RECONCILING",
    at,
    revisionReason: "MIN_INSTANCES_WARMING",
  };
  return {
    terminal,
    conditions: [{ type: "ConfigurationsReady", state: "CONDITION_SUCCEEDED", at }, warming],
  };
}

/** After everything that was asked for is served. */
export function succeededConditions(at: number): ServiceConditions {
  const state = "CONDITION_SUCCEEDED";
  return {
    terminal: { type: "Ready", state, at },
    conditions: [
      { type: "ConfigurationsReady", state, at },
      { type: "RoutesReady", state, at },
    ],
  };
}

/** After a failure. Which of the two sub-conditions fails tells a bad revision from a route that leads nowhere. */
export function failedConditions(
  failure: Readonly<{ at: number; message: string; isRouteAtFault: boolean }>,
): ServiceConditions {
  const { at, message } = failure;
  const failed = (type: string): Condition => {
    return { type, state: "CONDITION_FAILED", at, message, severity: "ERROR", reason: "REVISION_FAILED" };
  };
  const succeeded = (type: string): Condition => ({ type, state: "CONDITION_SUCCEEDED", at });
  return {
    terminal: failed("Ready"),
    conditions: failure.isRouteAtFault
      ? [succeeded("ConfigurationsReady"), failed("RoutesReady")]
      : [failed("ConfigurationsReady"), failed("RoutesReady")],
  };
}
