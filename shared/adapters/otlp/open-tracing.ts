import type { Tracing } from "../../ports/tracing.ts";
import { createTracing } from "../system/step-tracing.ts";

export type TracingSettings = Readonly<{
  /** `OTEL_EXPORTER_OTLP_ENDPOINT`; null = nobody listens, and nothing of OpenTelemetry is loaded. */
  endpoint: string | null;
  /** `OTEL_EXPORTER_OTLP_HEADERS`: `name=value`, URL-encoded, with commas between them. */
  headers: string | null;
  version: string;
  settlesAtOnce: boolean;
}>;

export type OpenTracing = Readonly<{ tracing: Tracing; close: () => Promise<void> }>;

/** Traces to the endpoint, if there is one (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). */
export async function openTracing(settings: TracingSettings): Promise<OpenTracing> {
  const { endpoint, headers, version, settlesAtOnce } = settings;
  if (endpoint === null) return { tracing: createTracing(null), close: async () => undefined };
  const { createOtlpSpans } = await import("./otlp-spans.ts");
  const spans = createOtlpSpans({ endpoint, headers: headersIn(headers ?? ""), version, settlesAtOnce });
  return { tracing: createTracing(spans), close: spans.close };
}

function headersIn(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(",").map((pair) => /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair));
  return Object.fromEntries(
    pairs.flatMap((pair) => (pair?.[1] && pair[2] !== undefined ? [[pair[1], decoded(pair[2])]] : [])),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
