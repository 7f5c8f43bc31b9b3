import type { Condition } from "./conditions.ts";
import { etagOf } from "./etag.ts";
import { revisionName, serviceName } from "./resource-names.ts";
import type { EffectiveTarget, ServiceRecord } from "./service-records.ts";
import { timestamp } from "./timestamps.ts";

/** Where requests to a service and to its tags go. */
export type ServiceAddresses = Readonly<{
  uri: string;
  urls: readonly string[];
  /** The address of a tag. */
  tagUri(tag: string): string;
}>;

/** A condition as the API shows it. */
export function conditionView({ at, ...condition }: Condition): object {
  return { ...condition, lastTransitionTime: timestamp(at) };
}

function trafficStatus(target: EffectiveTarget, addresses: ServiceAddresses): object {
  const { type, percent, tag, revision } = target;
  const shown = { type, revision, percent, tag };
  return tag === "" ? shown : { ...shown, uri: addresses.tagUri(tag) };
}

/** `google.cloud.run.v2.Service` of a record. */
export function serviceView(record: ServiceRecord, addresses: ServiceAddresses): object {
  const { key, spec } = record;
  return {
    launchStage: "GA",
    ingress: "INGRESS_TRAFFIC_ALL",
    ...spec,
    name: serviceName(key),
    uid: record.uid,
    generation: String(record.generation),
    observedGeneration: String(record.observedGeneration),
    createTime: timestamp(record.createdAt),
    updateTime: timestamp(record.updatedAt),
    reconciling: record.reconciling,
    terminalCondition: conditionView(record.terminal),
    conditions: record.conditions.map(conditionView),
    latestCreatedRevision: revisionName(key, record.latestCreated),
    latestReadyRevision: record.latestReady === null ? "" : revisionName(key, record.latestReady),
    trafficStatuses: record.effective.map((target) => trafficStatus(target, addresses)),
    uri: spec.defaultUriDisabled ? "" : addresses.uri,
    urls: spec.defaultUriDisabled ? [] : addresses.urls,
    etag: etagOf(record.version),
  };
}
