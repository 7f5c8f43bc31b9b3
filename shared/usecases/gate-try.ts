import type { Answer } from "../domain/gate.ts";
import { toldRevision } from "../domain/identity.ts";
import type { Timestamp } from "../domain/ids.ts";
import type { GateParams } from "./gate.ts";
import { askTrial, type Trial } from "./trial.ts";

/** A gate that runs, since when, and when it must be over. */
export type GateRun = GateParams & Readonly<{ beganAt: Timestamp; endsAt: Timestamp }>;

/** What one request of the gate brought. */
export type Tried = Readonly<{
  answer: Answer;
  /** The revision that the answer tells; null = none. */
  told: string | null;
  /** Cloud Run had no instance free (429), which says nothing about the candidate. */
  notNow: boolean;
}>;

/**
 * One request to the candidate. Null when the gate's time is over or cut the request short: then nothing is known.
 * Throws the signal's reason when the gate is called off.
 */
export async function tryTrial(
  params: Readonly<{ gate: GateRun; trial: Trial; withinMs: number }>,
): Promise<Tried | null> {
  const { gate, trial, withinMs } = params;
  const { probe, clock, signal, pair, service } = gate;
  signal.throwIfAborted();
  const leftMs = gate.endsAt - clock.now();
  if (leftMs <= 0) return null;
  const timeoutMs = Math.min(withinMs, leftMs);
  const answer = await askTrial({ probe, trial, url: pair.candidate.url, timeoutMs, signal });
  signal.throwIfAborted();
  if (answer.kind === "timeout" && leftMs < withinMs) return null;
  const notNow = answer.kind === "answer" && answer.status === 429 && !trial.wants(429);
  return { answer, told: toldRevision({ service, answer }), notNow };
}
