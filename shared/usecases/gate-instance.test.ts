import { expect } from "chai";
import { FakeCandidate, type Script, verifyConfig } from "../../test/support/fake-candidate.ts";
import { fakeLogs, fakeMetrics } from "../../test/support/watched-cloud.ts";
import type { VerifyConfig } from "../domain/release-config.ts";
import { AppError } from "../ports/app-error.ts";
import type { LogLine } from "../ports/logs.ts";
import type { MetricName, MetricQuery, MetricSeries } from "../ports/metrics.ts";
import { type GateOutcome, runGate } from "./gate.ts";

const good: Script = ({ method }) => ({ status: method === "POST" ? 422 : 200 });

/** A candidate whose metrics become visible three minutes after they were sampled, each minute. */
class MeasuredCandidate extends FakeCandidate {
  readonly queries: MetricQuery[] = [];
  values: Partial<Record<MetricName, (at: number) => number | null>> = {};
  lines: LogLine[] = [{ at: -20_000, severity: "INFO", text: "started" }];
  learntMs: readonly number[] = [];
  failure: AppError | null = null;

  constructor(script: Script = good) {
    super(script);
  }

  gate(changes: Partial<VerifyConfig>): Promise<GateOutcome> {
    const { run, probe, clock, service, pair, learntMs } = this;
    return runGate({
      run,
      probe,
      metrics: fakeMetrics((query) => this.#series(query)),
      logs: fakeLogs(() => this.lines),
      learntMs,
      clock,
      service,
      pair,
      config: verifyConfig({ checks: [], ...changes }),
      signal: new AbortController().signal,
    });
  }

  async #series(query: MetricQuery): Promise<readonly MetricSeries[]> {
    this.queries.push(query);
    if (this.failure !== null) throw this.failure;
    const value = this.values[query.metric];
    const points = [];
    for (let from = query.from; from + query.everyMs <= query.to; from += query.everyMs) {
      const to = from + query.everyMs;
      const found = to <= this.now - 180_000 ? (value?.(to) ?? null) : null;
      if (found !== null) points.push({ from, to, value: found });
    }
    return points.length === 0 ? [] : [{ revision: query.revision!, labels: {}, points }];
  }
}

const tale = ({ verdict, checks }: GateOutcome): string[] => [
  verdict,
  ...checks.slice(1).map((check) => {
    const warning = check.warning === undefined ? "" : ` [${check.warning}]`;
    return `${check.name}: ${check.verdict}, ${check.measured} (${check.limit})${warning}`;
  }),
];

const alive = "GET / answers: pass, 200 in 10 ms, 3 in a row (below 500 within 10 s)";

describe("The gate's cold start", () => {
  const coldStart = { withinMs: 120_000, expectMs: [20_000, 40_000] } as const;

  it("is the first instance's start and what the first answer took after it", async () => {
    const world = new MeasuredCandidate();
    const outcome = await world.gate({ coldStart });
    expect(tale(outcome)).to.deep.equal([
      "pass",
      "cold start: pass, 24 s: the first instance started in 24 s, first answer 10 ms more (within 2 min)",
      alive,
    ]);
    expect(outcome.coldStartMs).to.equal(24_010);
  });

  it("fails above its limit, and waits for no metric then", async () => {
    const world = new MeasuredCandidate();
    const outcome = await world.gate({ coldStart: { withinMs: 20_000, expectMs: null }, memoryBelow: 0.8 });
    expect(tale(outcome)).to.deep.equal([
      "fail",
      "cold start: fail, 24 s: the first instance started in 24 s, first answer 10 ms more (within 20 s)",
      alive,
      "memory: inconclusive, no sample after the checks: a check before it did not pass (below 80 %)",
    ]);
    expect(world.queries).to.deep.equal([]);
  });

  it("warns of what is slower than the last good releases", async () => {
    const world = new MeasuredCandidate();
    world.learntMs = [10_000, 11_000, 12_000];
    const [, line] = tale(await world.gate({ coldStart }));
    expect(line).to.match(
      /^cold start: pass, .* \[the last 3 good releases took about 11 s, and more than 15.4 s is unusual\]$/,
    );
  });

  it("takes the start from Cloud Monitoring where the revision does not tell it", async () => {
    const world = new MeasuredCandidate();
    world.revision = { ...world.revision!, firstStart: null };
    world.values["startup-latency"] = (at) => (at <= 60_000 ? 31_000 : null);
    const outcome = await world.gate({ coldStart });
    expect(outcome.coldStartMs).to.equal(31_000);
    expect(world.now).to.be.within(180_000, 250_000);
  });

  it("is inconclusive when nothing shows that an instance was new, however fast it answered", async () => {
    const world = new MeasuredCandidate();
    world.revision = { ...world.revision!, firstStart: null };
    const outcome = await world.gate({ coldStart });
    expect(tale(outcome).slice(0, 2)).to.deep.equal([
      "inconclusive",
      "cold start: inconclusive, first answer in 10 ms, not shown to come from a new instance (within 2 min)",
    ]);
    expect(outcome.coldStartMs).to.equal(null);
  });
});

describe("The gate's memory", () => {
  it("waits for a sample that was taken after the checks, and says what it cannot see", async () => {
    const world = new MeasuredCandidate();
    world.values["memory-utilization"] = (at) => (at < 0 ? 0.1 : 0.72);
    expect(tale(await world.gate({ memoryBelow: 0.8 }))[2]).to.equal(
      "memory: pass, 72 % at the most, sampled every 60 s: a shorter peak is not seen (below 80 %)",
    );
    expect(world.now).to.be.within(240_000, 250_000);
    expect(world.asked).to.have.length(4);
  });

  it("fails at the first sample that is too high, also one from before the checks", async () => {
    const world = new MeasuredCandidate();
    world.values["memory-utilization"] = () => 0.8;
    const outcome = await world.gate({ memoryBelow: 0.8 });
    expect(outcome.verdict).to.equal("fail");
    expect(world.now).to.be.below(200_000);
  });

  it("is inconclusive without a sample when the gate's time is over", async () => {
    const outcome = await new MeasuredCandidate().gate({ memoryBelow: 0.8, withinMs: 300_000 });
    expect(tale(outcome)).to.deep.equal([
      "inconclusive",
      alive,
      "memory: inconclusive, no sample after the checks: the time of the gate was over (below 80 %)",
    ]);
  });

  it("is inconclusive at once when Cloud Monitoring refuses, and asks again while it is away", async () => {
    const refused = new MeasuredCandidate();
    refused.failure = new AppError({ code: "metrics-denied", transient: false, message: "no permission" });
    expect(tale(await refused.gate({ memoryBelow: 0.8 }))[2]).to.match(
      /no sample after the checks: no permission/,
    );
    expect(refused.now).to.be.below(1_000);
    const away = new MeasuredCandidate();
    away.failure = new AppError({ code: "metrics-unavailable", transient: true, message: "not now" });
    expect(tale(await away.gate({ memoryBelow: 0.8, withinMs: 60_000 }))[2]).to.match(/: not now/);
    expect(away.queries.length).to.be.above(5);
  });
});

describe("The gate's GPU", () => {
  const device =
    (body: object): Script =>
    () => ({ status: 200, body: JSON.stringify(body) });

  it("is proven by the revision, a metric, and the service's own word", async () => {
    const world = new MeasuredCandidate(device({ device: "cuda:0" }));
    world.values["gpu-utilization"] = () => 0;
    expect(tale(await world.gate({ gpu: "allocated" }))[2]).to.equal(
      'gpu: pass, the revision asks for 1 nvidia-l4, Cloud Monitoring measures it, and the service says "device: cuda:0" (allocated)',
    );
  });

  it("fails at once when the service says that it computes without one", async () => {
    const world = new MeasuredCandidate(device({ device: "cpu" }));
    expect(tale(await world.gate({ gpu: "allocated" }))[2]).to.equal(
      'gpu: fail, the revision asks for 1 nvidia-l4, but the service says "device: cpu" (allocated)',
    );
    expect(world.queries).to.deep.equal([]);
  });

  it("fails a revision that asks for none", async () => {
    const world = new MeasuredCandidate();
    world.settings = { ...world.settings!, gpu: null };
    expect((await world.gate({ gpu: "allocated" })).verdict).to.equal("fail");
  });

  it("passes with a warning on the service's word alone, and is inconclusive without it", async () => {
    const told = await new MeasuredCandidate(device({ cuda_available: true })).gate({ gpu: "allocated" });
    expect(tale(told)[2]).to.equal(
      'gpu: pass, the service says "cuda_available: true" (allocated) [no GPU metric was seen: the time of the gate was over]',
    );
    expect((await new MeasuredCandidate().gate({ gpu: "allocated" })).verdict).to.equal("inconclusive");
  });
});

describe("The gate's startup log", () => {
  const startupLogs = "clean";

  it("fails with the first error that was written before the first answer", async () => {
    const world = new MeasuredCandidate();
    world.lines.push(
      { at: -9_000, severity: "ERROR", text: "\nCUDA driver version is insufficient\n at load" },
      { at: -8_000, severity: "CRITICAL", text: "gave up" },
    );
    expect(tale(await world.gate({ startupLogs }))[2]).to.equal(
      "startup log: fail, ERROR: CUDA driver version is insufficient, and 1 more (no error)",
    );
  });

  it("passes without an error, and leaves what the checks themselves caused", async () => {
    const world = new MeasuredCandidate();
    world.lines.push({ at: 5_000, severity: "ERROR", text: "422 Unprocessable" });
    expect(tale(await world.gate({ startupLogs }))[2]).to.equal("startup log: pass, no error (no error)");
  });

  it("takes nothing for an error of the start that an earlier run of the gate caused", async () => {
    const world = new MeasuredCandidate();
    world.now = 300_000;
    world.lines.push({ at: 100_000, severity: "ERROR", text: "422 Unprocessable" });
    expect((await world.gate({ startupLogs })).verdict).to.equal("pass");
  });

  it("is inconclusive when not one line can be read", async () => {
    const world = new MeasuredCandidate();
    world.lines = [];
    const outcome = await world.gate({ startupLogs });
    expect(outcome.verdict).to.equal("inconclusive");
    expect(world.now).to.be.within(60_000, 62_000);
  });
});
