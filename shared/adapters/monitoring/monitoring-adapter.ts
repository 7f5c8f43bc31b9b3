import type { MetricServiceClient } from "@google-cloud/monitoring";
import { AppError } from "../../ports/app-error.ts";
import type { MetricQuery, MetricSeries, MetricsPort, MetricTiming } from "../../ports/metrics.ts";
import type { Clock } from "../../ports/system.ts";
import { type Caller, type CallSettings, callOptions, readCall } from "../google/api-call.ts";
import { untilAborted } from "../google/until-aborted.ts";
import { timeSeriesRequest } from "./metric-query.ts";
import { seriesOf } from "./metric-series.ts";

export type MonitoringSettings = CallSettings &
  Readonly<{ timing: MetricTiming; pageSize: number; maxPages: number }>;

/** Sampled each 60 s and not visible for up to 180 s: https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run */
export const monitoringSettings: MonitoringSettings = {
  callTimeoutMs: 20_000,
  readAttempts: 3,
  retryMs: 500,
  timing: { sampleMs: 60_000, lagMs: 180_000 },
  pageSize: 1_000,
  maxPages: 20,
};

/** `MetricsPort` over the Cloud Monitoring API v3. */
export function createMonitoringAdapter({
  client,
  clock,
  settings,
}: Readonly<{
  client: () => Promise<MetricServiceClient>;
  clock: Clock;
  settings: MonitoringSettings;
}>): MetricsPort {
  const caller: Caller = { api: "metrics", clock, settings };
  return {
    timing: settings.timing,
    series: (query) => untilAborted(query.signal, () => allSeries({ caller, client, settings, query })),
  };
}

type Reading = Readonly<{
  caller: Caller;
  client: () => Promise<MetricServiceClient>;
  settings: MonitoringSettings;
  query: MetricQuery;
}>;

/** A series whose points lie on two pages comes in two parts. Half of an answer would be told as the whole: it is refused. */
async function allSeries({ caller, client, settings, query }: Reading): Promise<readonly MetricSeries[]> {
  const found = new Map<string, MetricSeries>();
  let pageToken = "";
  for (let page = 1; page <= settings.maxPages; page += 1) {
    const answer = await readCall(caller, {
      doing: `read ${query.metric} of ${query.service}`,
      send: async (timeout) => {
        const cloud = await client();
        const request = timeSeriesRequest(query, pageToken, settings.pageSize);
        const options = { ...callOptions(timeout), autoPaginate: false };
        const [series, , response] = await cloud.listTimeSeries(request, options);
        return { series, next: response?.nextPageToken ?? "" };
      },
    });
    for (const raw of answer?.series ?? []) add(found, seriesOf(query.metric, raw));
    pageToken = answer?.next ?? "";
    if (pageToken === "") return [...found.values()];
  }
  throw new AppError({
    code: "metrics-refused",
    message: `Cloud Monitoring has more than ${settings.maxPages} pages of ${query.metric} of ${query.service} in this time; ask for a shorter one`,
    transient: false,
  });
}

function add(found: Map<string, MetricSeries>, part: MetricSeries | null): void {
  if (part === null) return;
  const key = JSON.stringify([part.revision, part.labels]);
  const known = found.get(key);
  const points = [...(known?.points ?? []), ...part.points].sort((left, right) => left.to - right.to);
  found.set(key, { ...part, points });
}
