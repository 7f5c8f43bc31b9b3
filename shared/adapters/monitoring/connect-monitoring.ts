import type { MetricServiceClient } from "@google-cloud/monitoring";
import { clientOptions, type Endpoint } from "../google/client-options.ts";

export type MonitoringConnection = Readonly<{
  /** The client, made at the first call. The SDK is loaded no earlier. */
  client: () => Promise<MetricServiceClient>;
  close: () => Promise<void>;
}>;

/** The real API at `monitoring.googleapis.com`, or the endpoint given. */
export function connectMonitoring({
  endpoint,
}: Readonly<{ endpoint: Endpoint | null }>): MonitoringConnection {
  let opened: Promise<MetricServiceClient> | null = null;
  const open = async (): Promise<MetricServiceClient> => {
    const { MetricServiceClient } = await import("@google-cloud/monitoring");
    return new MetricServiceClient(await clientOptions(endpoint, "monitoring.googleapis.com"));
  };
  const client = (): Promise<MetricServiceClient> => {
    opened ??= open();
    return opened;
  };
  const close = async (): Promise<void> => {
    const last = opened;
    opened = null;
    await (await last)?.close();
  };
  return { client, close };
}
