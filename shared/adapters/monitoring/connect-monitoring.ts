import type { MetricServiceClient } from "@google-cloud/monitoring";
import { type OnDemand, onDemand } from "../google/client-on-demand.ts";
import { clientOptions, type Endpoint } from "../google/client-options.ts";

export type MonitoringConnection = OnDemand<MetricServiceClient>;

/** The real API at `monitoring.googleapis.com`, or the endpoint given. */
export function connectMonitoring({
  endpoint,
}: Readonly<{ endpoint: Endpoint | null }>): MonitoringConnection {
  return onDemand(async () => {
    const { MetricServiceClient } = await import("@google-cloud/monitoring");
    return new MetricServiceClient(await clientOptions(endpoint, "monitoring.googleapis.com"));
  });
}
