import { createHash } from "node:crypto";
import type { ReleaseId } from "../domain/ids.ts";

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

/** As a `traceparent`; every trace of a release is recorded. */
export function traceparent({ traceId, spanId }: TracePlace): string {
  return `00-${traceId}-${spanId}-01`;
}

/** Null = not a `traceparent` of the version that is known. */
export function readTraceparent(text: string | undefined): TracePlace | null {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(text ?? "");
  const [, traceId = "", spanId = ""] = match ?? [];
  return match === null || /^0+$/.test(traceId) || /^0+$/.test(spanId) ? null : { traceId, spanId };
}
