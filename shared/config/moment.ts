import { DateTime } from "luxon";
import type { Timestamp } from "../domain/ids.ts";

const momentPattern = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?)?$/i;
const offsetPattern = /T.*(?:Z|[+-]\d{2}:?\d{2})$/i;

/**
 * `2026-12-24T18:00`, `2026-12-24`, or with `Z` or an offset. Without one it is read on the clock of `zone` (IANA); null
 * when the text is no moment, and where `zone` is null also when it has no offset.
 */
export function parseMoment(text: string, zone: string | null): Timestamp | null {
  if (!momentPattern.test(text) || (zone === null && !offsetPattern.test(text))) return null;
  const moment = DateTime.fromISO(text.toUpperCase(), { zone: zone ?? "UTC" });
  return moment.isValid ? moment.toMillis() : null;
}
