import type { CheckResult, Verdict } from "./events.ts";
import { firstJsonDifference } from "./json-difference.ts";
import type { HttpCheck, JsonValue } from "./release-config.ts";

/** How one request to a revision ended; what the network does is an answer too. */
export type Answer =
  | Readonly<{
      kind: "answer";
      status: number;
      headers: Readonly<Record<string, string>>; // names in lower case
      body: string;
      truncated: boolean;
      durationMs: number;
    }>
  | Readonly<{ kind: "timeout"; durationMs: number; phase: "headers" | "body" }>
  | Readonly<{ kind: "error"; message: string; durationMs: number }>;

/**
 * One answer against one check: status, time, headers, then JSON, and `measured` tells the first that is wrong. An
 * answer that never came, broke off, or is too large to be read as the JSON that is asked for is a `fail`.
 */
export function judgeAnswer(params: Readonly<{ check: HttpCheck; answer: Answer }>): CheckResult {
  const { check, answer } = params;
  const limit = `${check.status} within ${formatMs(check.withinMs)}`;
  if (answer.kind !== "answer") {
    return { name: check.name, verdict: "fail", measured: describeAnswer(answer), limit };
  }
  const complaint = complaintAbout({ check, answer });
  const measured = describeAnswer(answer) + (complaint === null ? "" : complaint.measured);
  const wanted = limit + (complaint === null ? "" : complaint.limit);
  return { name: check.name, verdict: complaint === null ? "pass" : "fail", measured, limit: wanted };
}

/** What a candidate without configured checks must do: answer `GET /` with anything below 500. */
export function judgeSignOfLife(
  params: Readonly<{ name: string; answer: Answer; withinMs: number }>,
): CheckResult {
  const { name, answer, withinMs } = params;
  const alive = answer.kind === "answer" && answer.status < 500 && answer.durationMs <= withinMs;
  const limit = `below 500 within ${formatMs(withinMs)}`;
  return { name, verdict: alive ? "pass" : "fail", measured: describeAnswer(answer), limit };
}

/** `fail` before `inconclusive` before `pass`; no result at all is `inconclusive`. */
export function gateVerdict(results: readonly CheckResult[]): Verdict {
  if (results.some(({ verdict }) => verdict === "fail")) return "fail";
  if (results.length === 0) return "inconclusive";
  return results.every(({ verdict }) => verdict === "pass") ? "pass" : "inconclusive";
}

/** How far one check has come: passes in a row, how many are needed, and failures so far. */
export type Streak = Readonly<{ passes: number; needed: number; failures: number }>;

/** One good answer of an endpoint that flaps proves nothing, so what is safe to ask is asked three times. */
const leastPasses = 3;

/**
 * A check that nothing was asked for yet. It needs `repeat` passes in a row; GET and HEAD, which change nothing, need
 * three at least.
 */
export function beginStreak(check: HttpCheck): Streak {
  const isSafe = check.method === "GET" || check.method === "HEAD";
  return { passes: 0, needed: isSafe ? Math.max(check.repeat, leastPasses) : check.repeat, failures: 0 };
}

/**
 * The whole retry policy of the gate: the FIRST failure of a check starts its row anew, and twice as long; the second
 * one ends it. So one hiccup is forgiven, and an endpoint that fails every other time is not.
 */
export function continueStreak(streak: Streak, passed: boolean): Streak {
  if (passed) return { ...streak, passes: streak.passes + 1 };
  return { passes: 0, needed: streak.needed * 2, failures: streak.failures + 1 };
}

/** Null = another try is needed. */
export function streakVerdict(streak: Streak): "pass" | "fail" | null {
  if (streak.failures > 1) return "fail";
  return streak.passes >= streak.needed ? "pass" : null;
}

/** `500 in 12 ms`, `no answer in 10 s`, `body unfinished after 10 s`, `connection reset after 3 ms`. */
export function describeAnswer(answer: Answer): string {
  const time = formatMs(answer.durationMs);
  switch (answer.kind) {
    case "answer":
      return `${answer.status} in ${time}`;
    case "timeout":
      return answer.phase === "headers" ? `no answer in ${time}` : `body unfinished after ${time}`;
    case "error":
      return `${short(answer.message)} after ${time}`;
  }
}

/** `12 ms`, `1.5 s`, `10 s`, `5 min`. */
export function formatMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  return `${Number((ms / 60_000).toFixed(1))} min`;
}

type Response = Extract<Answer, { kind: "answer" }>;
type Complaint = Readonly<{ measured: string; limit: string }>;

function complaintAbout(params: Readonly<{ check: HttpCheck; answer: Response }>): Complaint | null {
  const { check, answer } = params;
  if (answer.status !== check.status || answer.durationMs > check.withinMs)
    return { measured: "", limit: "" };
  return headerComplaint(params) ?? jsonComplaint({ wanted: check.json, answer });
}

function headerComplaint(params: Readonly<{ check: HttpCheck; answer: Response }>): Complaint | null {
  const { check, answer } = params;
  for (const [name, wanted] of Object.entries(check.answerHeaders)) {
    const found = Object.hasOwn(answer.headers, name) ? answer.headers[name] : undefined;
    if (found === wanted) continue;
    const told = found === undefined ? "absent" : JSON.stringify(short(found));
    return {
      measured: `, header ${name} ${told}`,
      limit: `, header ${name} ${JSON.stringify(short(wanted))}`,
    };
  }
  return null;
}

function jsonComplaint(params: Readonly<{ wanted: JsonValue | null; answer: Response }>): Complaint | null {
  const { wanted, answer } = params;
  if (wanted === null) return null;
  if (answer.truncated) return { measured: ", body too large to read", limit: ", JSON" };
  const parsed = parseJson(answer.body);
  if (parsed === null) return { measured: ", body is not JSON", limit: ", JSON" };
  const difference = firstJsonDifference({ found: parsed.value, wanted });
  if (difference === null) return null;
  const { path, found } = difference;
  return { measured: `, ${path} is ${found}`, limit: `, ${path} ${difference.wanted}` };
}

/** Null when the text is no JSON. */
export function parseJson(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

function short(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
