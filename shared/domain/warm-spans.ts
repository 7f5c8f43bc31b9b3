import { clipped, type TimeSpan } from "./time-spans.ts";
import { nextSpan, spanAt, type WarmHours, type WarmSpan } from "./warm-window.ts";

/** All the time within a period in which a service is to be warm by its hours, the lead before each window included. */
export function warmSpansWithin(hours: WarmHours, period: TimeSpan): readonly TimeSpan[] {
  const spans: WarmSpan[] = [];
  let span = spanAt(hours, period.from) ?? nextSpan(hours, period.from);
  while (span !== null && span.from < period.until) {
    spans.push(span);
    span = nextSpan(hours, span.from);
  }
  return clipped(spans, period);
}
