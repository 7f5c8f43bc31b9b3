import { expect } from "chai";
import { connectMonitoring } from "../../shared/adapters/monitoring/connect-monitoring.ts";
import {
  createMonitoringAdapter,
  monitoringSettings,
} from "../../shared/adapters/monitoring/monitoring-adapter.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { parseServiceKey, type ServiceKey } from "../../shared/domain/ids.ts";
import type { Candidate } from "../../shared/domain/service-state.ts";
import { AppError } from "../../shared/ports/app-error.ts";
import type { MetricName, MetricQuery, MetricSeries, MetricsPort } from "../../shared/ports/metrics.ts";
import { WatchedRun } from "../support/watched-run.ts";

const everyMs = 40;
const settings = {
  ...monitoringSettings,
  callTimeoutMs: 3_000,
  retryMs: 5,
  timing: { sampleMs: everyMs, lagMs: 40 },
};
const { signal } = new AbortController();

describe("Cloud Monitoring, asked by Google's client at the local cloud", () => {
  let world: WatchedRun;
  let metrics: MetricsPort;
  let connection: ReturnType<typeof connectMonitoring>;
  let service: ServiceKey;
  let candidate: Candidate;
  let began = 0;

  before(async () => {
    began = Date.now();
    world = await WatchedRun.start();
    connection = connectMonitoring({ endpoint: { ...world.monitoring.grpc, insecure: true } });
    metrics = createMonitoringAdapter({ client: connection.client, clock: systemClock, settings });
    ({ service, candidate } = await world.serve(false));
  });
  afterEach(() => world.monitoring.faults.clear());
  after(async () => {
    await connection.close();
    await world.close();
  });

  function query(metric: MetricName, changes: Partial<MetricQuery> = {}): MetricQuery {
    const { revision } = candidate;
    return { service, revision, metric, from: began, to: Date.now(), everyMs, signal, ...changes };
  }

  /** Asks until there is something, as whoever waits for a sample does. */
  async function seen(
    metric: MetricName,
    changes: Partial<MetricQuery> = {},
  ): Promise<readonly MetricSeries[]> {
    for (let tries = 0; tries < 100; tries += 1) {
      const found = await metrics.series(query(metric, changes));
      if (found.length > 0) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${metric} was never seen`);
  }

  const sum = (series: MetricSeries | undefined): number =>
    (series?.points ?? []).reduce((total, { value }) => total + value, 0);

  async function refusal(asked: Partial<MetricQuery>, port = metrics): Promise<unknown> {
    return port.series(query("memory-utilization", asked)).then(
      () => null,
      (error: unknown) => (error instanceof AppError ? `${error.code} ${error.transient}` : error),
    );
  }

  it("tells the share of its memory that a process really takes", async () => {
    const [series, ...others] = await seen("memory-utilization");
    expect(others).to.deep.equal([]);
    expect(series?.revision).to.equal(candidate.revision);
    const [instance] = world.cloud.instances(service.split("/")[2]!, candidate.revision);
    const share = instance!.memoryBytes! / (512 * 2 ** 20); // it has started by now; a sample may be from before
    const [grown] = await seen("memory-utilization", { from: Date.now() });
    expect(grown?.points.at(-1)?.value).to.be.within(share * 0.5, share * 2);
    const ends = series!.points.map(({ to }) => to);
    expect(ends).to.deep.equal([...ends].sort((left, right) => left - right));
    for (const { from, to } of series!.points) expect(to - from).to.equal(everyMs);
  });

  it("tells how long the first instance took to start, and that one is idle", async () => {
    const [started] = await seen("startup-latency");
    const [instance] = world.cloud.instances(service.split("/")[2]!, candidate.revision);
    expect(started?.points).to.have.length(1);
    expect(started?.points[0]?.value).to.be.closeTo(instance!.startupMs!, 1);
    const counts = await seen("instance-count");
    const idle = counts.find(({ labels }) => labels["state"] === "idle");
    expect(idle?.points.at(-1)?.value).to.equal(1);
    expect(counts.map(({ labels }) => labels["state"]).sort()).to.deep.equal(["active", "idle"]);
  });

  it("counts requests by the class of their code, and their time", async () => {
    const from = Date.now();
    for (const path of ["200", "200", "404", "500", "200?wait=60"])
      await fetch(`${candidate.url}/${path}`).then((answer) => answer.text());
    const asked = { from, everyMs: 400 };
    await new Promise((resolve) => setTimeout(resolve, 450));
    const counts = await seen("request-count", { from: from - 400, everyMs: 400 });
    const byCode = Object.fromEntries(counts.map((series) => [series.labels["code"], sum(series)]));
    expect(byCode).to.deep.equal({ "2xx": 3, "4xx": 1, "5xx": 1 });
    const [latency] = await seen("request-latency-p95", asked);
    expect(latency?.points.at(-1)?.value).to.be.within(1, 2_000);
    const [paid] = await seen("billable-instance-time", { from: from - 400, everyMs: 400 });
    expect(sum(paid)).to.be.within(0.001, 5);
  });

  it("has a GPU's series only where an instance has one", async () => {
    const asked = { service: parseServiceKey("demo-project/us-central1/none")! };
    expect(await metrics.series(query("gpu-utilization"))).to.deep.equal([]);
    expect(await metrics.series(query("memory-utilization", asked))).to.deep.equal([]);
    const gpu = await world.serve(true);
    const own = { service: gpu.service, revision: gpu.candidate.revision };
    expect((await seen("gpu-utilization", own))[0]?.points[0]?.value).to.equal(0);
    expect(await seen("gpu-memory-utilization", { ...own, revision: null })).to.have.length(1);
    world.cloud.faults.set({ name: "gpu-not-allocated" });
    const without = await world.serve(true);
    world.cloud.faults.clear();
    const none = { service: without.service, revision: without.candidate.revision };
    await seen("memory-utilization", none);
    expect(await metrics.series(query("gpu-utilization", none))).to.deep.equal([]);
    expect(await fetch(without.candidate.url).then((answer) => answer.text())).to.equal("cpu");
  });

  it("reads every page, and goes on where a series was cut", async () => {
    await seen("memory-utilization");
    const to = Date.now() - 100;
    const whole = await metrics.series(query("memory-utilization", { to }));
    const paged = createMonitoringAdapter({
      client: connection.client,
      clock: systemClock,
      settings: { ...settings, pageSize: 3 },
    });
    expect(whole[0]?.points.length).to.be.above(3);
    expect(await paged.series(query("memory-utilization", { to }))).to.deep.equal(whole);
  });

  it("gives no half of an answer that has more pages than it reads", async () => {
    await seen("memory-utilization");
    const short = createMonitoringAdapter({
      client: connection.client,
      clock: systemClock,
      settings: { ...settings, pageSize: 1, maxPages: 2 },
    });
    const asked = short.series(query("memory-utilization", {})).catch((error: unknown) => error);
    expect(await asked).to.include({ code: "metrics-refused", transient: false });
  });

  it("shows nothing of what is late, high memory when told to, and says when it is away", async () => {
    const { faults } = world.monitoring;
    faults.set("metrics-late", { ms: 3_600_000 });
    expect(await metrics.series(query("memory-utilization"))).to.deep.equal([]);
    faults.clear();
    faults.set("memory-high");
    const from = Date.now();
    expect((await seen("memory-utilization", { from }))[0]?.points.at(-1)?.value).to.equal(0.95);
    faults.clear();
    faults.set("metrics-unavailable");
    expect(await refusal({})).to.equal("metrics-unavailable true");
  });

  it("refuses a period shorter than a sample, and ends with the signal", async () => {
    expect(await refusal({ everyMs: 10 })).to.equal("metrics-refused false");
    const off = new AbortController();
    const reason = new Error("superseded");
    const going = refusal({ signal: off.signal });
    off.abort(reason);
    expect(await going).to.equal(reason);
    expect(await refusal({ signal: off.signal })).to.equal(reason);
  });

  describe("answers like the real one", () => {
    const own = 'metric.type = "run.googleapis.com/container/memory/utilizations"';
    const period = { alignmentPeriod: { seconds: 60 } };
    for (const [name, request, code, words] of [
      [
        "a metric that there is not",
        { filter: 'metric.type = "run.googleapis.com/x"' },
        5,
        /Cannot find metric/,
      ],
      ["a filter without a metric", { filter: 'resource.type = "x"' }, 3, /must name one metric.type/],
      ["a filter that is none", { filter: "memory please" }, 3, /Could not parse/],
      [
        "a filter of a field that there is not",
        { filter: `${own} AND user.name = "x"` },
        3,
        /is not supported/,
      ],
      ["more of the filter language", { filter: `${own} OR ${own}` }, 12, /= and != with AND only/],
      ["a project by number of parts", { name: "projects/a/b", filter: own }, 3, /must be projects/],
      [
        "an aligner for numbers",
        { aggregation: { ...period, perSeriesAligner: "ALIGN_MAX" } },
        3,
        /cannot be applied/,
      ],
      [
        "an aligner that is not known",
        { aggregation: { ...period, perSeriesAligner: "ALIGN_RATE" } },
        12,
        /ALIGN_RATE/,
      ],
      [
        "a reducer that is not known",
        {
          aggregation: {
            ...period,
            perSeriesAligner: "ALIGN_PERCENTILE_99",
            crossSeriesReducer: "REDUCE_STDDEV",
          },
        },
        12,
        /REDUCE_STDDEV/,
      ],
      [
        "a reducer that does not fit",
        { aggregation: { ...period, perSeriesAligner: "ALIGN_DELTA", crossSeriesReducer: "REDUCE_MAX" } },
        3,
        /type DISTRIBUTION/,
      ],
      [
        "a reducer without an aligner",
        { aggregation: { crossSeriesReducer: "REDUCE_MAX" } },
        3,
        /must be set/,
      ],
      ["an aligner without a period", { aggregation: { perSeriesAligner: "ALIGN_MEAN" } }, 3, /at least/],
      ["an interval without an end", { interval: {} }, 3, /is required/],
      [
        "an interval that ends first",
        { interval: { startTime: { seconds: 9 }, endTime: { seconds: 5 } } },
        3,
        /must not be later/,
      ],
    ] as const) {
      it(`to ${name}`, async () => {
        const client = await connection.client();
        await seen("memory-utilization");
        const now = Math.ceil(Date.now() / 1000) + 1;
        const whole = {
          name: "projects/demo-project",
          filter: own,
          interval: { startTime: { seconds: now - 60 }, endTime: { seconds: now } },
          view: "FULL" as const,
          ...request,
        };
        const answer = await client.listTimeSeries(whole, { autoPaginate: false }).then(
          () => null,
          (error: unknown) => error,
        );
        expect(answer).to.include({ code });
        expect((answer as Error).message).to.match(words);
      });
    }

    it("with whole distributions, or with heads alone, where nothing is aligned", async () => {
      const client = await connection.client();
      await seen("memory-utilization");
      const now = Math.ceil(Date.now() / 1000);
      const interval = { startTime: { seconds: now - 60 }, endTime: { seconds: now + 1 } };
      const filter = `${own} AND resource.labels.revision_name != "x"`;
      const request = { name: "projects/demo-project", filter, interval };
      const [full] = await client.listTimeSeries({ ...request, view: "FULL" });
      const { distributionValue } = full[0]!.points![0]!.value!;
      expect(Number(distributionValue!.count)).to.be.at.least(1);
      expect(distributionValue!.bucketCounts).to.have.length(101);
      const [heads] = await client.listTimeSeries({ ...request, view: "HEADERS" });
      expect(heads[0]).to.include({ metricKind: "DELTA", valueType: "DISTRIBUTION" });
      expect(heads[0]!.points).to.deep.equal([]);
    });
  });
});
