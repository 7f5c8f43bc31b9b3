import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, RandomIdGenerator, TracerProvider } from "@opentelemetry/sdk-trace";
import type { PastStep, Step, TracePlace } from "../../ports/tracing.ts";
import type { BegunSpan, SpanSink } from "../system/step-tracing.ts";

export type OtlpOptions = Readonly<{
  /** `http://127.0.0.1:4318`; spans go to `/v1/traces` below it (OTLP/HTTP, JSON). */
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  version: string;
  /** True = spans are sent before a step is over, because the process may get no CPU after it, as a Cloud Function. */
  settlesAtOnce: boolean;
}>;

/** Sends what it was given so far, and lets go. */
export type OtlpSpans = SpanSink & Readonly<{ close: () => Promise<void> }>;

/** What nobody takes is dropped after this long: a release never waits for who looks on. */
const sendWithinMs = 2_000;

const kinds: Readonly<Record<Step["kind"], SpanKind>> = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
};

/** Hands out ids at random, except where the next span is to have one that is known. */
class KnownIds extends RandomIdGenerator {
  next: TracePlace | null = null;

  constructor() {
    super();
    const [randomTrace, randomSpan] = [this.generateTraceId, this.generateSpanId];
    this.generateTraceId = () => this.next?.traceId ?? randomTrace();
    this.generateSpanId = () => this.next?.spanId ?? randomSpan();
  }
}

/**
 * Sends spans to an OpenTelemetry collector, in batches. A collector that is away loses spans and stops nothing.
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export function createOtlpSpans(options: OtlpOptions): OtlpSpans {
  const { endpoint, headers, version, settlesAtOnce } = options;
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, "")}/v1/traces`,
    headers: { ...headers },
    timeoutMillis: sendWithinMs,
  });
  const ids = new KnownIds();
  const provider = new TracerProvider({
    idGenerator: ids,
    resource: resourceFromAttributes({ "service.name": "gantry", "service.version": version }),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1_000 })],
  });
  const tracer = provider.getTracer("gantry", version);
  const flush = (): Promise<void> => provider.forceFlush().catch(() => undefined); // nobody listens
  return {
    begin: (step, below) => begin(tracer, step, below),
    note: (step) => note({ tracer, ids }, step),
    settle: settlesAtOnce ? flush : async () => undefined,
    close: () => provider.shutdown().catch(() => undefined),
  };
}

function below({ traceId, spanId }: Readonly<{ traceId: string; spanId: string | null }>) {
  if (spanId === null) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1, isRemote: true });
}

function begin(tracer: Tracer, step: Step, parent: Parameters<typeof below>[0]): BegunSpan {
  const attributes = { ...named(step.facts), ...step.attributes };
  const span = tracer.startSpan(step.name, { kind: kinds[step.kind], attributes }, below(parent));
  return {
    spanId: span.spanContext().spanId,
    fail: (why) => failed(span, why),
    end: () => span.end(),
  };
}

/** A step that has a place of its own stands for its whole trace. */
function note({ tracer, ids }: Readonly<{ tracer: Tracer; ids: KnownIds }>, step: PastStep): void {
  const { name, place, parent, from: startTime, to, attributes, failure } = step;
  ids.next = place;
  const context = parent === null ? ROOT_CONTEXT : below(parent);
  const span = tracer.startSpan(name, { startTime, attributes: { ...attributes } }, context);
  ids.next = null;
  if (failure !== null) failed(span, failure);
  span.end(Math.max(startTime, to));
}

function failed(span: Span, message: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function named(facts: Step["facts"]): Record<string, string> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [`gantry.${name}`, value]));
}
