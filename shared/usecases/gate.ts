import type { CheckResult, Verdict } from "../domain/events.ts";
import {
  type Answer,
  beginStreak,
  continueStreak,
  describeAnswer,
  formatMs,
  gateVerdict,
  type Streak,
  streakVerdict,
} from "../domain/gate.ts";
import { type IdentityEvidence, judgeIdentity } from "../domain/identity.ts";
import type { ServiceKey } from "../domain/ids.ts";
import type { VerifyConfig } from "../domain/release-config.ts";
import type { Pair } from "../domain/service-state.ts";
import type { ProbePort } from "../ports/probe.ts";
import type { RunPort } from "../ports/run.ts";
import type { Clock } from "../ports/system.ts";
import { awaitFirstAnswer } from "./first-answer.ts";
import { type GateRun, tryTrial } from "./gate-try.ts";
import { type Trial, trialsOf } from "./trial.ts";

export type GateParams = Readonly<{
  run: RunPort;
  probe: ProbePort;
  clock: Clock;
  service: ServiceKey;
  pair: Pair;
  config: VerifyConfig;
  signal: AbortSignal;
}>;

export type GateOutcome = Readonly<{ verdict: Verdict; checks: readonly CheckResult[] }>;

const strangerAnswered = "another revision answered";

/** Between a failed or refused try and the next one. */
const retryAfterMs = 500;

/**
 * Proves a candidate at its tag URL: who it is, its first answer, each check in turn (never two requests at once), and
 * once more who it is. Ends within `config.withinMs`; what was not reached then is `inconclusive` and named. Without
 * configured checks, `GET /` must answer below 500. An aborted signal throws its reason; errors of Cloud Run's API
 * throw as they are.
 */
export async function runGate(params: GateParams): Promise<GateOutcome> {
  const { clock, config, signal } = params;
  signal.throwIfAborted();
  const gate: GateRun = { ...params, endsAt: clock.now() + config.withinMs };
  const trials = trialsOf(config.checks);
  const identity = await provenIdentity({ gate, told: null });
  if (identity.verdict !== "pass") return outcome([identity, ...unreached(trials, "identity is not proven")]);
  const [firstAsked] = trials.filter(({ check }) => check.method === "GET" || check.method === "HEAD");
  const first = await awaitFirstAnswer({ gate, trial: firstAsked ?? trials[0] });
  if (first.failure !== null) {
    const untold = unreached(trials, "the candidate did not answer");
    return outcome([reflect(identity, gate, first.told), first.failure, ...untold]);
  }
  const judged = await judgeTrials({ gate, trials, told: first.told, failedFirst: first.failedTrial });
  return concluded({ gate, judged, identity });
}

type Judged = Readonly<{ results: readonly CheckResult[]; told: string | null; stranger: boolean }>;

/** The second look at the identity comes only when all else passed: a tag can be moved while the gate runs. */
async function concluded(
  params: Readonly<{ gate: GateRun; judged: Judged; identity: CheckResult }>,
): Promise<GateOutcome> {
  const { gate, judged, identity } = params;
  const passed = !judged.stranger && gateVerdict(judged.results) === "pass";
  const last = passed
    ? await provenIdentity({ gate, told: judged.told })
    : reflect(identity, gate, judged.told);
  return outcome([last, ...judged.results]);
}

async function judgeTrials(
  params: Readonly<{
    gate: GateRun;
    trials: readonly Trial[];
    told: string | null;
    failedFirst: Trial | null;
  }>,
): Promise<Judged> {
  const { gate, trials, failedFirst } = params;
  const results: CheckResult[] = [];
  let { told } = params;
  for (const [index, trial] of trials.entries()) {
    if (isStranger(gate, told)) {
      const rest = unreached(trials.slice(index), strangerAnswered);
      return { results: [...results, ...rest], told, stranger: true };
    }
    const fresh = beginStreak(trial.check);
    const streak = trial === failedFirst ? continueStreak(fresh, false) : fresh;
    const judged = await judgeTrial({ gate, trial, streak });
    results.push(judged.result);
    told = judged.told ?? told;
  }
  return { results, told, stranger: isStranger(gate, told) };
}

type JudgedTrial = Readonly<{ result: CheckResult; told: string | null }>;

async function judgeTrial(
  params: Readonly<{ gate: GateRun; trial: Trial; streak: Streak }>,
): Promise<JudgedTrial> {
  const { gate, trial } = params;
  let { streak } = params;
  let told: string | null = null;
  let last: Answer | null = null;
  for (;;) {
    const tried = await tryTrial({ gate, trial, withinMs: trial.check.withinMs });
    if (tried === null) return { result: unfinished(trial, last), told };
    told = tried.told ?? told;
    last = tried.answer;
    if (isStranger(gate, told)) return { result: unreachedResult(trial, strangerAnswered), told };
    const result = trial.judge(tried.answer);
    if (!tried.notNow) streak = continueStreak(streak, result.verdict === "pass");
    const ended = endOf(streak, result);
    if (ended !== null) return { result: ended, told };
    if (result.verdict !== "pass") await gate.clock.sleep({ ms: retryAfterMs, signal: gate.signal });
  }
}

/** Null = another try is needed. */
function endOf(streak: Streak, result: CheckResult): CheckResult | null {
  const verdict = streakVerdict(streak);
  if (verdict !== "pass") return verdict === "fail" ? result : null;
  const row = streak.passes === 1 ? "" : `, ${streak.passes} in a row`;
  return { ...result, measured: `${result.measured}${row}` };
}

async function provenIdentity(
  params: Readonly<{ gate: GateRun; told: string | null }>,
): Promise<CheckResult> {
  const { gate, told } = params;
  const { run, service, pair, signal } = gate;
  const { candidate } = pair;
  const snapshot = await run.readService(service);
  signal.throwIfAborted();
  const revision = await run.readRevision({ service, revision: candidate.revision });
  signal.throwIfAborted();
  const evidence: IdentityEvidence = {
    candidate,
    effective: snapshot?.effective ?? null,
    revisionDigest: revision?.imageDigest ?? null,
    firstDeploy: pair.stable === null,
    told,
  };
  return judgeIdentity(evidence);
}

/** The identity as first proven, or as the answers that came since contradict it. */
function reflect(identity: CheckResult, gate: GateRun, told: string | null): CheckResult {
  if (told === null || !isStranger(gate, told)) return identity;
  const measured = `the answer comes from ${JSON.stringify(told.slice(0, 80))}`;
  return { ...identity, verdict: "fail", measured };
}

function isStranger(gate: GateRun, told: string | null): boolean {
  return told !== null && told !== gate.pair.candidate.revision;
}

function unreached(trials: readonly Trial[], why: string): readonly CheckResult[] {
  return trials.map((trial) => unreachedResult(trial, why));
}

function unreachedResult(trial: Trial, why: string): CheckResult {
  const limit = `${trial.check.status} within ${formatMs(trial.check.withinMs)}`;
  return { name: trial.name, verdict: "inconclusive", measured: `not reached: ${why}`, limit };
}

function unfinished(trial: Trial, last: Answer | null): CheckResult {
  const why = "the time of the gate was over";
  return unreachedResult(trial, last === null ? why : `${why}, last ${describeAnswer(last)}`);
}

function outcome(checks: readonly CheckResult[]): GateOutcome {
  return { verdict: gateVerdict(checks), checks };
}
