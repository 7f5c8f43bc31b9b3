import type { CheckResult } from "../domain/events.ts";
import { type JudgedColdStart, judgeColdStart } from "../domain/gate-cold-start.ts";
import { gpuUnmeasured, judgeGpu, type ToldDevice } from "../domain/gate-gpu.ts";
import { judgeMemory, memoryUnseen } from "../domain/gate-memory.ts";
import { judgeStartupLog, startupLogUnread } from "../domain/gate-startup-log.ts";
import type { Timestamp } from "../domain/ids.ts";
import type { MetricName, MetricPoint } from "../ports/metrics.ts";
import type { RevisionSnapshot } from "../ports/run.ts";
import { awaitEvidence, logLagMs } from "./gate-evidence.ts";
import type { GateRun } from "./gate-try.ts";

/** When the candidate was first asked, and how long until it answered. */
export type FirstAnswered = Readonly<{ at: Timestamp; tookMs: number }>;

/** The cold start of the candidate's first instance; null = `gantry.yaml` asks for none. */
export async function gateColdStart(
  params: Readonly<{ gate: GateRun; revision: RevisionSnapshot | null; first: FirstAnswered }>,
): Promise<JudgedColdStart | null> {
  const { gate, revision, first } = params;
  const config = gate.config.coldStart;
  if (config === null) return null;
  const { learntMs } = gate;
  const known = {
    firstStart: revision?.firstStart ?? null,
    firstAsked: first.at,
    firstAnswerMs: first.tookMs,
  };
  const judge = (metricMs: number | null): JudgedColdStart =>
    judgeColdStart({ config, evidence: { ...known, metricMs }, learntMs });
  if (known.firstStart !== null) return judge(null);
  let measured: JudgedColdStart | null = null;
  const { timing } = gate.metrics;
  const result = await awaitEvidence({
    gate,
    everyMs: timing.sampleMs,
    untilAt: first.at + first.tookMs + timing.sampleMs + timing.lagMs,
    look: async () => {
      const points = await pointsOf({ gate, metric: "startup-latency", from: sinceOf(gate, revision) });
      if (points.length === 0) return null;
      measured = judge(Math.max(...points.map(({ value }) => value)));
      return measured.result;
    },
    unseen: () => judge(null).result,
  });
  return measured ?? { result, measuredMs: null };
}

/** What the gate looks at once the checks are answered. */
export type Checked = Readonly<{
  gate: GateRun;
  revision: RevisionSnapshot | null;
  first: FirstAnswered;
  device: ToldDevice | null;
  /** Null = all checks passed; else why nothing is waited for. */
  skipped: string | null;
}>;

/** Memory, GPU and startup log, each where `gantry.yaml` asks for it, one after the other. */
export async function gateInstance(checked: Checked): Promise<readonly CheckResult[]> {
  const results = [await memoryOf(checked), await gpuOf(checked), await startupLogOf(checked)];
  return results.filter((result) => result !== null);
}

async function memoryOf({ gate, skipped, revision }: Checked): Promise<CheckResult | null> {
  const below = gate.config.memoryBelow;
  if (below === null) return null;
  const { sampleMs } = gate.metrics.timing;
  const checkedAt = gate.clock.now();
  const nothing = { points: [], checkedAt, sampleMs };
  if (skipped !== null) return memoryUnseen({ below, evidence: nothing, why: skipped });
  const from = checkedAt - Math.ceil((checkedAt - sinceOf(gate, revision)) / sampleMs) * sampleMs;
  let evidence: Parameters<typeof memoryUnseen>[0]["evidence"] = nothing;
  return awaitEvidence({
    gate,
    everyMs: sampleMs,
    untilAt: gate.endsAt,
    look: async () => {
      evidence = {
        points: await pointsOf({ gate, metric: "memory-utilization", from }),
        checkedAt,
        sampleMs,
      };
      return judgeMemory({ below, evidence });
    },
    unseen: (why) => memoryUnseen({ below, evidence, why }),
  });
}

async function gpuOf({ gate, skipped, revision, device }: Checked): Promise<CheckResult | null> {
  if (gate.config.gpu === null) return null;
  const { run, service, pair, metrics, signal } = gate;
  const settings = await run.readRevisionSettings({ service, revision: pair.candidate.revision });
  signal.throwIfAborted();
  const known = { asked: settings?.gpu ?? null, device };
  if (skipped !== null) return gpuUnmeasured({ evidence: { ...known, measured: false }, why: skipped });
  const from = sinceOf(gate, revision);
  return awaitEvidence({
    gate,
    everyMs: metrics.timing.sampleMs,
    untilAt: gate.clock.now() + metrics.timing.sampleMs + metrics.timing.lagMs,
    look: async () => {
      const early = judgeGpu({ ...known, measured: false });
      if (early !== null) return early;
      const points = await pointsOf({ gate, metric: "gpu-utilization", from });
      return judgeGpu({ ...known, measured: points.length > 0 });
    },
    unseen: (why) => gpuUnmeasured({ evidence: { ...known, measured: false }, why }),
  });
}

/** At the most so many errors are read: the first tells, the rest is counted. */
const maxErrors = 20;

async function startupLogOf({ gate, revision, first, skipped }: Checked): Promise<CheckResult | null> {
  if (gate.config.startupLogs === null) return null;
  const { logs, service, pair, signal, clock } = gate;
  const from = revision?.createdAt ?? gate.beganAt;
  const asked = { service, revision: pair.candidate.revision, from, signal };
  const startedAt = startedBy(revision, first);
  return awaitEvidence({
    gate,
    everyMs: 0,
    untilAt: skipped === null ? clock.now() + logLagMs : clock.now(),
    look: async () => {
      const found = await logs.revisionLog({ ...asked, atLeast: "ERROR", limit: maxErrors });
      const errors = found.filter(({ at }) => at <= startedAt);
      const any = await logs.revisionLog({ ...asked, atLeast: "DEFAULT", limit: 1 });
      return judgeStartupLog({ errors, hasLines: any.length > 0 });
    },
    unseen: startupLogUnread,
  });
}

/** Older samples are those of another trial. */
const longestTrialMs = 15 * 60_000;

/** Since when samples are the candidate's: its creation, or the gate's beginning where that is not told. */
function sinceOf(gate: GateRun, revision: RevisionSnapshot | null): Timestamp {
  return Math.max(revision?.createdAt ?? gate.beganAt, gate.beganAt - longestTrialMs);
}

const readySlackMs = 1_000;

/**
 * When the start was over. By the first instance's own record where there is one: a gate that is run again must not take for
 * errors of the start what its first run caused.
 */
function startedBy(revision: RevisionSnapshot | null, { at, tookMs }: FirstAnswered): Timestamp {
  const readyAt = revision?.firstStart?.to ?? null;
  return readyAt === null ? at + tookMs : Math.min(at, readyAt + readySlackMs) + tookMs;
}

/** Every point of the candidate since then, whatever its label. */
async function pointsOf(
  params: Readonly<{ gate: GateRun; metric: MetricName; from: Timestamp }>,
): Promise<readonly MetricPoint[]> {
  const { gate, metric, from } = params;
  const { metrics, service, pair, clock, signal } = gate;
  const series = await metrics.series({
    service,
    revision: pair.candidate.revision,
    metric,
    from,
    to: clock.now(),
    everyMs: metrics.timing.sampleMs,
    signal,
  });
  return series.flatMap(({ points }) => points);
}
