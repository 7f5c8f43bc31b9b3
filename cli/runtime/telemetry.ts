import { type OpenTracing, openTracing } from "../../shared/adapters/otlp/open-tracing.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The names that every OpenTelemetry exporter knows (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). */
const names = { endpoint: "OTEL_EXPORTER_OTLP_ENDPOINT", headers: "OTEL_EXPORTER_OTLP_HEADERS" } as const;

/** Traces as the environment asks for them: none without an endpoint. */
export function tracingOf(
  env: Env,
  process: Readonly<{ version: string; settlesAtOnce: boolean }>,
): Promise<OpenTracing> {
  return openTracing({
    endpoint: env[names.endpoint]?.trim() || null,
    headers: env[names.headers] ?? null,
    ...process,
  });
}

/** The project whose traces Cloud Logging links lines to; null = none is named. */
export function traceProject(env: Env): string | null {
  return env["GOOGLE_CLOUD_PROJECT"]?.trim() || null;
}
