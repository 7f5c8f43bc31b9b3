import { status } from "@grpc/grpc-js";
import { RpcError } from "../grpc/rpc-error.ts";
import type { SampledSeries } from "./sample-store.ts";

/** What a filter asks for: one metric, and labels that must have these values. */
export type SeriesFilter = Readonly<{
  metricType: string;
  matches: (series: SampledSeries) => boolean;
}>;

const comparison = /^([a-z_.]+)\s*(=|!=)\s*"((?:[^"\\]|\\.)*)"$/;

type Term = Readonly<{ field: string; isEqual: boolean; value: string }>;

/**
 * Reads comparisons with `=` and `!=`, joined with AND, as in `metric.type = "…" AND resource.labels.revision_name = "…"`.
 * @throws RpcError INVALID_ARGUMENT for what is no filter, UNIMPLEMENTED for the rest of the language.
 */
export function parseSeriesFilter(text: string): SeriesFilter {
  if (/\b(OR|NOT)\b|[()]/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, '""')))
    throw new RpcError(
      status.UNIMPLEMENTED,
      "The local Cloud Monitoring knows filters of = and != with AND only.",
    );
  const terms = text
    .split(/\s+AND\s+/)
    .map((part) => part.trim())
    .map((part) => termOf(part, text));
  const metric = terms.find(({ field, isEqual }) => field === "metric.type" && isEqual);
  if (metric === undefined) throw invalid(text, "The filter must name one metric.type.");
  const others = terms.filter((term) => term !== metric);
  return {
    metricType: metric.value,
    matches: (series) =>
      others.every(({ field, isEqual, value }) => (readAt(series, field) === value) === isEqual),
  };
}

function termOf(part: string, text: string): Term {
  const [, field = "", operator, value] = comparison.exec(part) ?? [];
  if (value === undefined) throw invalid(text, `Could not parse "${part}".`);
  const known = /^(metric\.type|resource\.type|(metric|resource)\.labels?\.[a-z_]+)$/.test(field);
  if (!known) throw invalid(text, `The field "${field}" is not supported.`);
  return { field, isEqual: operator === "=", value: value.replace(/\\(.)/g, "$1") };
}

function readAt(series: SampledSeries, field: string): string {
  if (field === "resource.type") return "cloud_run_revision";
  return labelAt(series, field) ?? "";
}

/** The value at a path such as `resource.labels.revision_name`; null when the series has no such label. */
export function labelAt(
  { metric, metricLabels, resourceLabels }: Omit<SampledSeries, "samples">,
  path: string,
): string | null {
  if (path === "metric.type") return metric.type;
  const [, owner, name = ""] = /^(metric|resource)\.labels?\.([a-z_]+)$/.exec(path) ?? [];
  const labels = owner === "metric" ? metricLabels : resourceLabels;
  return labels[name] ?? null;
}

function invalid(text: string, why: string): RpcError {
  return new RpcError(
    status.INVALID_ARGUMENT,
    `Field filter had an invalid value of ${JSON.stringify(text)}: ${why}`,
  );
}
