import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import {
  type OngoingStep,
  type PastStep,
  type Step,
  type StepFacts,
  type TracePlace,
  type Tracing,
  traceOf,
} from "../../ports/tracing.ts";

/** A span that was begun. */
export type BegunSpan = Readonly<{
  spanId: string;
  fail: (why: string) => void;
  end: () => void;
}>;

/** Whoever listens to traces. */
export type SpanSink = Readonly<{
  begin: (step: Step, below: Readonly<{ traceId: string; spanId: string | null }>) => BegunSpan;
  note: (step: PastStep) => void;
  /** Called after a step that no other is around, before its end is told to who waits for it. */
  settle: () => Promise<void>;
}>;

type Circumstances = Readonly<{ place: TracePlace; facts: StepFacts; sampled: boolean }>;

/** Of one process: what goes on in it now, wherever one looks from. */
const circumstances = new AsyncLocalStorage<Circumstances>();

/** What goes on now, for whoever writes a line about it; null = nothing that is known. */
export function circumstancesNow(): Circumstances | null {
  return circumstances.getStore() ?? null;
}

/** Steps with their places, told to a sink; without one they still name the lines that are logged in them. */
export function createTracing(sink: SpanSink | null): Tracing {
  return {
    isOn: sink !== null,
    within: (step, run) => within(sink, step, run),
    here: () => circumstances.getStore()?.place ?? null,
    note: (step) => sink?.note(step),
  };
}

async function within<T>(
  sink: SpanSink | null,
  step: Step,
  run: (step: OngoingStep) => Promise<T>,
): Promise<T> {
  const outer = circumstances.getStore() ?? null;
  const below = parentOf(step, outer);
  const span = sink?.begin(step, below) ?? silent();
  const place = { traceId: below.traceId, spanId: span.spanId };
  const facts = { ...(outer?.place.traceId === place.traceId ? outer.facts : {}), ...step.facts };
  try {
    return await circumstances.run({ place, facts, sampled: sink !== null }, () =>
      run({ place, fail: span.fail }),
    );
  } catch (error) {
    span.fail(error instanceof Error ? error.message : String(error));
    throw error;
  } finally {
    span.end();
    if (outer === null) await sink?.settle();
  }
}

function silent(): BegunSpan {
  return { spanId: randomBytes(8).toString("hex"), fail: () => undefined, end: () => undefined };
}

/** What is about a release belongs to its trace, whoever asked for it. */
function parentOf(
  { parent, facts: { releaseId } }: Step,
  outer: Circumstances | null,
): Readonly<{ traceId: string; spanId: string | null }> {
  const known = [parent, outer?.place ?? null].filter((place) => place !== null);
  if (releaseId === undefined) return known[0] ?? { traceId: randomBytes(16).toString("hex"), spanId: null };
  const whole = traceOf(releaseId);
  return known.find(({ traceId }) => traceId === whole.traceId) ?? whole;
}
