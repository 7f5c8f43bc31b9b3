import type { CheckResult } from "../domain/events.ts";
import { type Answer, describeAnswer, formatMs } from "../domain/gate.ts";
import { type GateRun, tryTrial } from "./gate-try.ts";
import type { Trial } from "./trial.ts";

/** How long the first answer of a candidate may take where `verify.coldStart.within` does not say. */
const defaultFirstAnswerMs = 60_000;

/** A quick 503 or a refused connection is tried again this often: an instance that starts may do that. */
const maxRefusals = 6;

const backoff = { firstMs: 250, maxMs: 5_000 } as const;

/** `failure` null = the candidate answered. `failedTrial` = it answered the trial, and wrongly. */
export type FirstAnswer = Readonly<{
  failure: CheckResult | null;
  failedTrial: Trial | null;
  told: string | null;
}>;

/**
 * Waits for the first answer of a cold instance, so that its time is not held against any check. 429 (no instance
 * free) is retried until the time is over, 503 and broken connections six times, each with a growing pause.
 */
export async function awaitFirstAnswer(
  params: Readonly<{ gate: GateRun; trial: Trial }>,
): Promise<FirstAnswer> {
  const { gate, trial } = params;
  const limitMs = gate.config.coldStart?.withinMs ?? defaultFirstAnswerMs;
  const endsAt = gate.clock.now() + limitMs;
  const cold = { limitMs, cutByGate: gate.endsAt < endsAt };
  let refusals = 0;
  let last: Answer | null = null;
  for (let tries = 1; ; tries += 1) {
    gate.signal.throwIfAborted();
    const leftMs = endsAt - gate.clock.now();
    const tried = leftMs <= 0 ? null : await tryTrial({ gate, trial, withinMs: leftMs });
    if (tried === null) return { ...failed({ ...cold, last, tries: tries - 1 }), told: null };
    if (isAnswered(trial, tried.answer)) return { ...answered(trial, tried.answer), told: tried.told };
    last = tried.answer;
    if (!tried.notNow) refusals += 1;
    if (refusals >= maxRefusals)
      return { ...failed({ ...cold, cutByGate: false, last, tries }), told: tried.told };
    const pauseMs = Math.min(backoff.firstMs * 2 ** (tries - 1), backoff.maxMs);
    await gate.clock.sleep({ ms: Math.min(pauseMs, Math.max(0, leftMs)), signal: gate.signal });
  }
}

function isAnswered(trial: Trial, answer: Answer): boolean {
  if (answer.kind !== "answer") return false;
  return trial.wants(answer.status) || (answer.status !== 429 && answer.status !== 503);
}

/** A slow first answer is forgiven; a wrong one is the check's first failure. */
function answered(trial: Trial, answer: Answer): Pick<FirstAnswer, "failure" | "failedTrial"> {
  const wrong = trial.judge({ ...answer, durationMs: 0 }).verdict !== "pass";
  return { failure: null, failedTrial: wrong ? trial : null };
}

function failed(
  params: Readonly<{ limitMs: number; cutByGate: boolean; last: Answer | null; tries: number }>,
): Pick<FirstAnswer, "failure" | "failedTrial"> {
  const { limitMs, cutByGate, last, tries } = params;
  const onlyBusy = last?.kind === "answer" && last.status === 429;
  const measured =
    last === null ? "no answer" : `${describeAnswer(last)}${tries === 1 ? "" : `, ${tries} tries`}`;
  const verdict = cutByGate || onlyBusy ? "inconclusive" : "fail";
  const limit = `an answer within ${formatMs(limitMs)}`;
  return { failure: { name: "first answer", verdict, measured, limit }, failedTrial: null };
}
