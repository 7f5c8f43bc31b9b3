import type { CheckResult } from "./events.ts";
import { shownLine } from "./log-line.ts";

export type StartupLine = Readonly<{ severity: string; text: string }>;

/** What a revision wrote from its creation until it first answered. */
export type StartupLog = Readonly<{
  /** Of severity ERROR or more, oldest first, the first few. */
  errors: readonly StartupLine[];
  /** Whether any line at all can be read: without one, nothing is known. */
  hasLines: boolean;
}>;

const name = "startup log";
const limit = "no error";

/** A line counts by its severity, ERROR or more; plain text has none. Null = no line can be read yet: wait. */
export function judgeStartupLog({ errors, hasLines }: StartupLog): CheckResult | null {
  const [first] = errors;
  if (first !== undefined) {
    const more = errors.length === 1 ? "" : `, and ${errors.length - 1} more`;
    const measured = `${first.severity}: ${excerpt(first.text)}${more}`;
    return { name, verdict: "fail", measured, limit };
  }
  return hasLines ? { name, verdict: "pass", measured: "no error", limit } : null;
}

/** What is said when the time was over and no line could be read. */
export function startupLogUnread(why: string): CheckResult {
  return { name, verdict: "inconclusive", measured: `no line of it can be read: ${why}`, limit };
}

/** The first line that says anything, of a stack trace the error itself; without what looks like a secret. */
function excerpt(text: string): string {
  return shownLine(text.split("\n").find((line) => line.trim() !== "") ?? "");
}
