import { createHash } from "node:crypto";
import type { ReleaseId, ServiceKey, Timestamp } from "../domain/ids.ts";

/** A place in a trace: 32 and 16 hex digits (https://www.w3.org/TR/trace-context/#traceparent-header-field-values). */
export type TracePlace = Readonly<{ traceId: string; spanId: string }>;

/**
 * The trace of a release and the span that stands for all of it. They follow from the release's id, so that every process,
 * and every delivery of a message that comes again, tells of one release in one trace.
 */
export function traceOf(id: ReleaseId): TracePlace {
  const digest = createHash("sha256").update(`gantry/release/${id}`).digest("hex");
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}

/** The attribute of a message that tells where in a trace it was published. */
export const traceAttribute = "traceparent";

/** As a `traceparent`; every trace of a release is recorded. */
export function traceparent({ traceId, spanId }: TracePlace): string {
  return `00-${traceId}-${spanId}-01`;
}

/** Null = no `traceparent` of the version that is known. */
export function readTraceparent(text: string | undefined): TracePlace | null {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(text ?? "");
  const [, traceId = "", spanId = ""] = match ?? [];
  return match === null || /^0+$/.test(traceId) || /^0+$/.test(spanId) ? null : { traceId, spanId };
}

/** What is known of a step; every line that is logged in it says so too. */
export type StepFacts = Readonly<{
  releaseId?: ReleaseId;
  service?: ServiceKey;
  revision?: string;
  /** Of the delivery that asked for the release: `github/<delivery id>`. */
  deliveryId?: string;
  /** Of the message that is being handled. */
  messageId?: string;
}>;

/** Something that Gantry does, from its begin to its end. */
export type Step = Readonly<{
  name: string; // of few different values
  kind: "server" | "consumer" | "internal";
  facts: StepFacts;
  /** Where it was asked for; null = in the step around it, or else in the trace of its release. */
  parent: TracePlace | null;
  /** More for who looks at the trace. */
  attributes?: Readonly<Record<string, string | number>>;
}>;

/** A step that goes on. */
export type OngoingStep = Readonly<{
  place: TracePlace;
  /** It did not come to what it was for, though nothing is thrown. */
  fail: (why: string) => void;
}>;

/** A step that is over, with the place that it has. */
export type PastStep = Readonly<{
  name: string;
  place: TracePlace | null; // null = any new one below `parent`
  parent: TracePlace | null; // null = it stands for the whole trace
  from: Timestamp;
  to: Timestamp;
  failure: string | null;
  attributes: Readonly<Record<string, string | number>>;
}>;

/** Tells what Gantry does as traces. NEVER throws, waits for nobody, and costs next to nothing where nobody listens. */
export interface Tracing {
  /** Whether anybody listens. */
  readonly isOn: boolean;
  /** Runs within a step: what is logged and published meanwhile belongs to it. Rejects as `run` does. */
  within<T>(step: Step, run: (step: OngoingStep) => Promise<T>): Promise<T>;
  /** The step that goes on; null = none does. */
  here(): TracePlace | null;
  note(step: PastStep): void;
}
