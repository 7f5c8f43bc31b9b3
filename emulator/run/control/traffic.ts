import { shortName } from "./resource-names.ts";
import { LATEST, type TrafficTarget } from "./resources.ts";
import type { EffectiveTarget, ServiceState } from "./service-records.ts";
import { minInstancesOf } from "./template.ts";
import { targetType } from "./traffic-validation.ts";

/** The desired traffic, where nothing asked for means 100 % to the latest ready revision. */
function desiredTraffic(state: ServiceState): readonly TrafficTarget[] {
  const traffic = state.record.spec.traffic ?? [];
  return traffic.length > 0 ? traffic : [{ type: LATEST, percent: 100 }];
}

function resolveTarget(target: TrafficTarget, latest: string): EffectiveTarget {
  const type = targetType(target);
  const revision = type === LATEST ? latest : shortName(target.revision ?? "");
  return { type, revision, percent: target.percent ?? 0, tag: target.tag ?? "" };
}

/** The desired traffic with `latest` as the revision that LATEST stands for. */
export function resolveTraffic(state: ServiceState, latest: string): readonly EffectiveTarget[] {
  return desiredTraffic(state).map((target) => resolveTarget(target, latest));
}

/** The revisions that the desired traffic leads to; LATEST leads to the one created last, ready or not. */
export function referencedRevisions(state: ServiceState): readonly string[] {
  const targets = resolveTraffic(state, state.record.latestCreated);
  return [...new Set(targets.map(({ revision }) => revision))];
}

/** Whether traffic or a tag leads to the revision, as it is served or as it is asked for. */
export function isAddressable(state: ServiceState, revision: string): boolean {
  const isServed = state.record.effective.some((target) => target.revision === revision);
  return isServed || referencedRevisions(state).includes(revision);
}

/** The share of requests that a revision gets, over all its entries. */
function percentOf(targets: readonly EffectiveTarget[], revision: string): number {
  return targets
    .filter((target) => target.revision === revision)
    .reduce((sum, { percent }) => sum + percent, 0);
}

function serviceMinimum(state: ServiceState): number {
  const { scaling } = state.record.spec;
  if (scaling?.scalingMode === "MANUAL") return scaling.manualInstanceCount ?? 0;
  return scaling?.minInstanceCount ?? 0;
}

/**
 * How many instances must run at least, by revision. A revision's own minimum counts as soon as traffic, even 0 %, or a tag
 * leads to it; the service's minimum is divided by traffic share; the service's maximum caps both.
 */
export function minimumInstances(
  state: ServiceState,
  targets: readonly EffectiveTarget[],
): ReadonlyMap<string, number> {
  const shared = serviceMinimum(state);
  const cap = state.record.spec.scaling?.maxInstanceCount || Number.POSITIVE_INFINITY;
  const minimums = new Map<string, number>();
  for (const { name, template } of state.revisions) {
    if (!targets.some(({ revision }) => revision === name)) continue;
    const share = Math.ceil((shared * percentOf(targets, name)) / 100);
    minimums.set(name, Math.min(cap, Math.max(minInstancesOf(template), share)));
  }
  return minimums;
}
