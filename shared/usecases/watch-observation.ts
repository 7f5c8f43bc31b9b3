import { type Answer, describeAnswer } from "../domain/gate.ts";
import { toldRevision } from "../domain/identity.ts";
import type { Observation } from "../domain/watch.ts";
import { askTrial, type Trial } from "./trial.ts";
import type { Slice } from "./watch.ts";

/**
 * One request of the watch. Null when the slice has no time left. `blind`: Cloud Run's API cannot be reached either, so
 * a connection that fails says nothing about the candidate. Throws the signal's reason when the slice is called off.
 */
export async function observe(
  params: Readonly<{ slice: Slice; trial: Trial; blind: boolean }>,
): Promise<Observation | null> {
  const { slice, trial, blind } = params;
  const { probe, clock, pair, service, signal } = slice;
  signal.throwIfAborted();
  const leftMs = slice.cutAt - clock.now();
  if (leftMs <= 0) return null;
  const timeoutMs = Math.min(trial.check.withinMs, leftMs);
  const answer = await askTrial({ probe, trial, url: pair.candidate.url, timeoutMs, signal });
  signal.throwIfAborted();
  const cut = answer.kind === "timeout" && leftMs < trial.check.withinMs;
  const told = toldRevision({ service, answer });
  const result = trial.judge(answer);
  const unobserved = cut || isNotNow(trial, answer) || (blind && answer.kind === "error");
  return {
    check: trial.name,
    outcome: unobserved ? "unobserved" : result.verdict === "pass" ? "pass" : "fail",
    durationMs: answer.durationMs,
    measured: unobserved ? describeAnswer(answer) : result.measured,
    stranger: told === pair.candidate.revision ? null : told,
  };
}

/** Cloud Run answers 429 itself when no instance is free; that is load, not the candidate's fault. */
function isNotNow(trial: Trial, answer: Answer): boolean {
  return answer.kind === "answer" && answer.status === 429 && !trial.wants(429);
}
