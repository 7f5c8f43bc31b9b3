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
import { type ToldDevice, toldDevice } from "../domain/gate-gpu.ts";
import { type IdentityEvidence, judgeIdentity } from "../domain/identity.ts";
import type { ServiceKey } from "../domain/ids.ts";
import type { VerifyConfig } from "../domain/release-config.ts";
import type { Pair } from "../domain/service-state.ts";
import type { LogsPort } from "../ports/logs.ts";
import type { MetricsPort } from "../ports/metrics.ts";
import type { ProbePort } from "../ports/probe.ts";
import type { RevisionSnapshot, RunPort } from "../ports/run.ts";
import type { Clock } from "../ports/system.ts";
import { awaitFirstAnswer } from "./first-answer.ts";
import { type FirstAnswered, gateColdStart, gateInstance } from "./gate-instance.ts";
import { type GateRun, tryTrial } from "./gate-try.ts";
import { type Trial, trialsOf } from "./trial.ts";

export type GateParams = Readonly<{
  run: RunPort;
  probe: ProbePort;
  metrics: MetricsPort;
  logs: LogsPort;
  /** The cold starts of the last good releases, in milliseconds. */
  learntMs: readonly number[];
  clock: Clock;
  service: ServiceKey;
  pair: Pair;
  config: VerifyConfig;
  signal: AbortSignal;
}>;

/** `coldStartMs` null = not asked for, or not shown to be cold. */
export type GateOutcome = Readonly<{
  verdict: Verdict;
  checks: readonly CheckResult[];
  coldStartMs: number | null;
}>;

const strangerAnswered = "another revision answered";

/** Between a failed or refused try and the next one. */
const retryAfterMs = 500;

/**
 * Proves a candidate at its tag URL: who it is, its cold start, each check in turn (never two requests at once), then memory,
 * GPU and startup log where they are asked for, and once more who it is. Ends within `config.withinMs`; what was not reached then is `inconclusive` and named. Without
 * configured checks, `GET /` must answer below 500. An aborted signal throws its reason; errors of Cloud Run's API
 * throw as they are.
 */
export async function runGate(params: GateParams): Promise<GateOutcome> {
  const { clock, config, signal } = params;
  signal.throwIfAborted();
  const beganAt = clock.now();
  const gate: GateRun = { ...params, beganAt, endsAt: beganAt + config.withinMs };
  const trials = trialsOf(config.checks);
  const identity = await provenIdentity({ gate, told: null });
  if (identity.verdict !== "pass") return outcome([identity, ...unreached(trials, "identity is not proven")]);
  const [firstAsked] = trials.filter(({ check }) => check.method === "GET" || check.method === "HEAD");
  const askedAt = clock.now();
  const first = await awaitFirstAnswer({ gate, trial: firstAsked ?? trials[0] });
  const answered = { at: askedAt, tookMs: clock.now() - askedAt };
  if (first.failure !== null) {
    const untold = unreached(trials, "the candidate did not answer");
    return outcome([reflect(identity, gate, first.told), first.failure, ...untold]);
  }
  const candidate = { service: params.service, revision: params.pair.candidate.revision };
  const revision = await params.run.readRevision(candidate);
  signal.throwIfAborted();
  const judged = await judgeTrials({ gate, trials, told: first.told, failedFirst: first.failedTrial });
  const whole = judged.stranger
    ? { ...judged, coldStartMs: null }
    : await judgeInstance({ gate, judged, revision, answered });
  return concluded({ gate, judged: whole, identity });
}

/** The checks with what Cloud Run, its metrics and its logs tell of the instance that answered them. */
async function judgeInstance(
  params: Readonly<{
    gate: GateRun;
    judged: Judged;
    revision: RevisionSnapshot | null;
    answered: FirstAnswered;
  }>,
): Promise<Judged & Readonly<{ coldStartMs: number | null }>> {
  const { gate, judged, revision, answered } = params;
  const cold = await gateColdStart({ gate, revision, first: answered });
  const before = cold === null ? judged.results : [cold.result, ...judged.results];
  const skipped = gateVerdict(before) === "pass" ? null : "a check before it did not pass";
  const { device } = judged;
  const after = await gateInstance({ gate, revision, first: answered, device, skipped });
  return { ...judged, results: [...before, ...after], coldStartMs: cold?.measuredMs ?? null };
}

type Judged = Readonly<{
  results: readonly CheckResult[];
  told: string | null;
  stranger: boolean;
  device: ToldDevice | null;
}>;

/** The second look at the identity comes only when all else passed: a tag can be moved while the gate runs. */
async function concluded(
  params: Readonly<{
    gate: GateRun;
    judged: Judged & Readonly<{ coldStartMs: number | null }>;
    identity: CheckResult;
  }>,
): Promise<GateOutcome> {
  const { gate, judged, identity } = params;
  const passed = !judged.stranger && gateVerdict(judged.results) === "pass";
  const last = passed
    ? await provenIdentity({ gate, told: judged.told })
    : reflect(identity, gate, judged.told);
  return { ...outcome([last, ...judged.results]), coldStartMs: judged.coldStartMs };
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
  let device: ToldDevice | null = null;
  for (const [index, trial] of trials.entries()) {
    if (isStranger(gate, told)) {
      const rest = unreached(trials.slice(index), strangerAnswered);
      return { results: [...results, ...rest], told, stranger: true, device };
    }
    const fresh = beginStreak(trial.check);
    const streak = trial === failedFirst ? continueStreak(fresh, false) : fresh;
    const judged = await judgeTrial({ gate, trial, streak });
    results.push(judged.result);
    told = judged.told ?? told;
    if (judged.device?.kind === "cpu") device = judged.device;
    device ??= judged.device;
  }
  return { results, told, stranger: isStranger(gate, told), device };
}

type JudgedTrial = Readonly<{ result: CheckResult; told: string | null; device: ToldDevice | null }>;

async function judgeTrial(
  params: Readonly<{ gate: GateRun; trial: Trial; streak: Streak }>,
): Promise<JudgedTrial> {
  const { gate, trial } = params;
  let { streak } = params;
  let told: string | null = null;
  let last: Answer | null = null;
  for (;;) {
    const tried = await tryTrial({ gate, trial, withinMs: trial.check.withinMs });
    if (tried === null) return { result: unfinished(trial, last), told, device: null };
    told = tried.told ?? told;
    last = tried.answer;
    if (isStranger(gate, told))
      return { result: unreachedResult(trial, strangerAnswered), told, device: null };
    const result = trial.judge(tried.answer);
    if (!tried.notNow) streak = continueStreak(streak, result.verdict === "pass");
    const ended = endOf(streak, result);
    if (ended !== null) return { result: ended, told, device: toldDevice(tried.answer) };
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
  return { verdict: gateVerdict(checks), checks, coldStartMs: null };
}
