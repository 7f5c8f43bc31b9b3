import type { protos } from "@google-cloud/run";
import type { TrafficShare } from "../../domain/traffic.ts";

type ITarget = protos.google.cloud.run.v2.ITrafficTarget;

/** A traffic list as the API takes it. */
export function trafficBody(shares: readonly TrafficShare[]): ITarget[] {
  return shares.map(({ revision, percent, tag }) => ({
    ...(revision === null
      ? { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" as const }
      : { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION" as const, revision }),
    percent,
    ...(tag === null ? {} : { tag }),
  }));
}
