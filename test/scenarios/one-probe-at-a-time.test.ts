import { expect } from "chai";
import { createHttpProbe } from "../../shared/adapters/http/probe.ts";
import { createLoggingAdapter, loggingSettings } from "../../shared/adapters/logging/logging-adapter.ts";
import { connectMonitoring } from "../../shared/adapters/monitoring/connect-monitoring.ts";
import {
  createMonitoringAdapter,
  monitoringSettings,
} from "../../shared/adapters/monitoring/monitoring-adapter.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { runGate } from "../../shared/usecases/gate.ts";
import { watchSlice } from "../../shared/usecases/watch.ts";
import { httpCheck, verifyConfig } from "../support/fake-candidate.ts";
import { WatchedRun } from "../support/watched-run.ts";

describe("A GPU service with concurrency 1", () => {
  let world: WatchedRun;
  let connection: ReturnType<typeof connectMonitoring>;

  before(async () => {
    world = await WatchedRun.start();
    connection = connectMonitoring({ endpoint: { ...world.monitoring.grpc, insecure: true } });
  });
  after(async () => {
    await connection.close();
    await world.close();
  });

  it("never has two probes in flight at the gate and under watch, and never starts a second instance", async () => {
    const { service, candidate } = await world.serve(true);
    const name = service.split("/")[2] ?? "";
    const timing = { sampleMs: 40, lagMs: 40 };
    const metrics = createMonitoringAdapter({
      client: connection.client,
      clock: systemClock,
      settings: { ...monitoringSettings, timing },
    });
    const baseUrl = world.logging.url;
    const logs = createLoggingAdapter({
      baseUrl,
      token: null,
      clock: systemClock,
      settings: loggingSettings,
    });
    const slow = (path: string) =>
      httpCheck({ name: path.slice(1, 4), path, status: Number(path.slice(1, 4)) });
    const verify = verifyConfig({
      withinMs: 10_000,
      coldStart: { withinMs: 5_000, expectMs: null },
      memoryBelow: 0.8,
      gpu: "allocated",
      checks: [slow("/200?wait=30"), slow("/404?wait=20"), slow("/422?wait=40")],
    });
    const seen = { run: world.run, probe: createHttpProbe(), clock: systemClock };
    const { signal } = new AbortController();
    const pair = { candidate, stable: null };
    const gate = await runGate({
      ...seen,
      metrics,
      logs,
      learntMs: [],
      service,
      pair,
      config: verify,
      signal,
    });
    expect(gate.checks.map((check) => `${check.name} ${check.verdict}`)).to.deep.equal([
      "identity pass",
      "cold start pass",
      "200 pass",
      "404 pass",
      "422 pass",
      "memory pass",
      "gpu pass",
    ]);
    const watch = { everyMs: 50, maxErrorShare: 0.01, latencyP95Ms: null, latencyIncrease: null };
    const expected = [{ revision: candidate.revision, percent: 100 }];
    const watched = await watchSlice({ ...seen, service, pair, verify, watch, expected, forMs: 400, signal });
    expect(watched.verdict).to.equal("pass");
    const requests = world.cloud.requests(name, candidate.revision);
    expect(requests.length).to.be.above(12);
    for (const [index, { at, latencyMs }] of requests.entries()) {
      const next = requests[index + 1];
      if (next !== undefined)
        expect(next.at, `request ${index + 2}`).to.be.at.least(at + Math.floor(latencyMs) - 2);
    }
    const instances = world.cloud.instances(name, candidate.revision);
    expect(instances.map(({ id }) => id)).to.deep.equal([`${candidate.revision}-1`]);
  });
});
