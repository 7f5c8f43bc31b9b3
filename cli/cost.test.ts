import { expect } from "chai";
import { sampledRevision } from "../emulator/monitoring/measured-run.ts";
import { type Monitoring, startMonitoring } from "../emulator/monitoring/start-monitoring.ts";
import { connectMonitoring } from "../shared/adapters/monitoring/connect-monitoring.ts";
import {
  createMonitoringAdapter,
  monitoringSettings,
} from "../shared/adapters/monitoring/monitoring-adapter.ts";
import { systemClock } from "../shared/adapters/system/system-clock.ts";
import type { RevisionName, ServiceKey } from "../shared/domain/ids.ts";
import type { Policy } from "../shared/domain/policy.ts";
import { AppError } from "../shared/ports/app-error.ts";
import type { MetricsPort } from "../shared/ports/metrics.ts";
import { readCost } from "../shared/usecases/cost.ts";
import { cliHarness } from "../test/support/cli-harness.ts";
import { candidate, commitOf, releaseBasics, releaseConfig, serviceState } from "../test/support/fixtures.ts";
import { openPolicy } from "../test/support/function-harness.ts";
import {
  type LocalRun,
  newService,
  readyOf,
  requestFor,
  snapshotOf,
  startLocalRun,
} from "../test/support/local-run.ts";
import { asViewer, jsonOf, viewerToken } from "../test/support/service-harness.ts";

const gpu = {
  gpu: { type: "nvidia-l4", count: 1 },
  cpu: 8,
  memoryBytes: 32 * 1024 ** 3,
  concurrency: 1,
  instances: { min: 0, max: 2 },
};

/** Where it is two o'clock at night now: what starts here starts outside of the warm window, whenever the test runs. */
function zoneAtNight(): string {
  const behind = new Date().getUTCHours() - 2;
  const offset = behind <= 12 ? -behind : 24 - behind; // hours ahead of UTC, -12..14
  return offset < 0 ? `Etc/GMT+${-offset}` : `Etc/GMT-${offset}`; // POSIX: the sign is the other way round
}

const warmup = {
  days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
  holidays: [],
  from: "09:00",
  to: "21:00",
  zone: zoneAtNight(),
  leadMs: 600_000,
  mode: "minInstances",
  instances: 1,
  path: "/health",
  everyMs: 300_000,
} as const;

type Counted = Readonly<{ count: number; basis: string }>;
type Bill = Readonly<{
  service: string;
  days: number;
  currency: string;
  billing: string;
  rate: Readonly<{ usdPerHour: number }>;
  spent: Readonly<{ usd: number; basis: string }>;
  warmHours: number;
  modes: readonly Readonly<{ mode: string; isNow: boolean; basis: string }>[];
  coldStarts: Readonly<{ seen: Counted; avoided: Counted }>;
  idleMinimums: readonly Readonly<{ message: string; next: string }>[];
  unread: readonly string[];
}>;

describe("gantry cost", () => {
  let local: LocalRun;
  let monitoring: Monitoring;
  let metrics: MetricsPort;
  let service: ServiceKey;
  const stops: (() => Promise<void>)[] = [];

  before(async () => {
    local = await startLocalRun();
    stops.push(local.close);
    const run = {
      revisions: () => local.cloud.activity().map(sampledRevision),
      onRequest: local.cloud.onRequest,
    };
    monitoring = await startMonitoring({ run, timings: { sampleMs: 40, lagMs: 0 } });
    stops.push(monitoring.close);
    const connection = connectMonitoring({ endpoint: { ...monitoring.grpc, insecure: true } });
    stops.push(connection.close);
    metrics = createMonitoringAdapter({
      client: connection.client,
      clock: systemClock,
      settings: monitoringSettings,
    });
    service = await servedService();
  });

  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  /** A Gantry that looks after the service, on the local Cloud Run and Cloud Monitoring. */
  async function gantryFor(
    key: ServiceKey,
    changes: Readonly<{ metrics?: MetricsPort; policy?: Policy }> = {},
  ) {
    const policy = changes.policy ?? openPolicy();
    const harness = await cliHarness({
      cost: (request) =>
        readCost(
          {
            store: harness.store,
            run: local.run,
            metrics: changes.metrics ?? metrics,
            clock: systemClock,
            policy,
          },
          request,
        ),
    });
    stops.push(harness.stop);
    const config = releaseConfig({ warmup });
    const live = { ...releaseBasics({ configHash: "cost" }), candidate: candidate(), stable: null, since: 0 };
    const state = serviceState({ key, live });
    await harness.commit(commitOf({ service: key, state, configs: [{ hash: "cost", config }] }));
    return harness;
  }

  /** A service with a GPU that answered a request, and beside it a revision of a person with a tag and a minimum. */
  async function servedService(): Promise<ServiceKey> {
    const key = newService();
    const guardrails = { ...requestFor(key, "00000001").guardrails, ...gpu };
    const first = readyOf(await local.run.deployCandidate(requestFor(key, "00000001", { guardrails })));
    const { url } = await snapshotOf(local, key);
    expect((await fetch(url)).status).to.equal(200);
    await tagPreview(key, first.candidate.revision);
    return key;
  }

  async function tagPreview(key: ServiceKey, serving: RevisionName): Promise<void> {
    const [project, region = "", name] = key.split("/");
    const { services } = await local.clients(region);
    const [found] = await services.getService({
      name: `projects/${project}/locations/${region}/services/${name}`,
    });
    const allocation = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION" as const;
    const revision = `${name}-preview`;
    const [operation] = await services.updateService({
      service: {
        ...found,
        template: { ...found.template, revision, scaling: { minInstanceCount: 1, maxInstanceCount: 1 } },
        traffic: [
          { type: allocation, revision: serving, percent: 100 },
          { type: allocation, revision, percent: 0, tag: "preview" },
        ],
      },
    });
    await operation.promise();
  }

  /** Asks until Cloud Monitoring has measured the request. */
  async function measuredBill(gantry: Awaited<ReturnType<typeof gantryFor>>): Promise<Bill> {
    for (let tries = 0; tries < 60; tries += 1) {
      const { exitCode, stdout, stderr } = await gantry.run(["cost", service, "--days", "1", "--json"]);
      expect(exitCode, stderr).to.equal(0);
      const bill: Bill = JSON.parse(stdout);
      if (bill.spent.basis === "measured" && bill.coldStarts.seen.basis === "measured") return bill;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("Cloud Monitoring never had the request");
  }

  it("prices what the local cloud measured, and names the minimum that nobody uses", async () => {
    const gantry = await gantryFor(service);
    const bill = await measuredBill(gantry);
    expect(bill).to.include({ service, days: 1, currency: "USD", billing: "instance" });
    expect(bill.rate.usdPerHour).to.be.closeTo(1.421, 0.0005);
    expect(bill.spent.usd).to.be.above(0);
    expect(bill.coldStarts.seen.count).to.be.at.least(1);
    expect(bill.modes.map(({ mode, isNow, basis }) => `${mode} ${isNow} ${basis}`)).to.deep.equal([
      "always-on false computed",
      "warm-window true estimated",
      "ping false estimated",
      "scale-to-zero false estimated",
    ]);
    expect(bill.warmHours).to.be.within(12, 13);
    const [idle, ...others] = bill.idleMinimums;
    expect(others).to.deep.equal([]);
    expect(idle?.message).to.include(
      "no traffic, but the tag `preview` keeps 1 instance with a GPU of it running",
    );
    expect(idle?.next).to.include("--region=us-central1 --remove-tags=preview");
    expect(bill.unread).to.deep.equal([]);
  });

  it("shows it to a person, the waste first", async () => {
    const gantry = await gantryFor(service);
    const { exitCode, stdout } = await gantry.run(["cost", service]);
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/the last 30 days\nNobody uses it: svc-\d+-preview has no traffic/);
    expect(stdout).to.include("warm window, by minimum instances (now)");
    expect(stdout).to.include(
      "gpu-nvidia-l4  1 × $0.0001867 a GPU-second  (2026-08-01, https://cloud.google.com/run/pricing)",
    );
    expect(stdout).to.include("Cold starts avoided: ").and.to.include("Not counted: Free tier");
  });

  it("takes the operator's prices first", async () => {
    const own = { region: "us-central1", usd: 0, date: "2026-11-01", source: "contract 7" };
    const prices = ["cpu-instance", "memory-instance", "gpu-nvidia-l4"].map((sku) => ({ ...own, sku }));
    const gantry = await gantryFor(service, { policy: openPolicy({ prices }) });
    const { stdout } = await gantry.run(["cost", service]);
    expect(stdout).to.include("$0.00 an hour").and.to.include("contract 7");
  });

  it("says what Cloud Monitoring could not tell, and knows no number of it", async () => {
    const away = new AppError({
      code: "metrics-unavailable",
      message: "Cloud Monitoring is away.",
      transient: true,
      context: {},
    });
    const gantry = await gantryFor(service, {
      metrics: { ...metrics, series: async () => Promise.reject(away) },
    });
    const { exitCode, stdout } = await gantry.run(["cost", service]);
    expect(exitCode).to.equal(0);
    expect(stdout).to.include("Not read: Cloud Monitoring is away.");
    expect(stdout)
      .to.include("Cold starts seen: not known.")
      .and.to.include("Cold starts avoided: not known.");
  });

  it("answers the API, and shows a page in the console", async () => {
    const gantry = await gantryFor(service);
    const answer = await gantry.app.request(`/api/v1/services/${service}/cost?days=7`, asViewer);
    expect(await jsonOf(answer)).to.include({ service, days: 7 });
    const login = await gantry.app.request(`/login?token=${viewerToken}`);
    const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
    const page = await gantry.app.request(`/services/${service}/cost`, { headers: { cookie } });
    const html = await page.text();
    expect(page.status, html).to.equal(200);
    expect(html).to.include("Nobody uses these").and.to.include("warm window, by minimum instances (now)");
    expect(
      (await gantry.app.request("/services/demo-project/us-central1/none/cost", { headers: { cookie } }))
        .status,
    ).to.equal(404);
  });

  it("refuses days that nobody keeps, and services that are not there", async () => {
    const gantry = await gantryFor(service);
    for (const days of ["0", "43", "x"]) {
      expect((await gantry.run(["cost", service, "--days", days])).exitCode).to.equal(64);
      const answer = await gantry.app.request(`/api/v1/services/${service}/cost?days=${days}`, asViewer);
      expect(await jsonOf(answer)).to.include({ status: 400, code: "query-invalid" });
    }
    const unknown = await gantry.run(["cost", "demo-project/us-central1/none"]);
    expect(unknown.stderr).to.include("(service-not-found)");
    const absent = await gantryFor(newService());
    const [key = ""] = (await absent.store.services()).map((state) => state.key);
    expect((await absent.run(["cost", key])).stderr).to.include(
      "Cloud Run has no such service yet, so it costs nothing.",
    );
  });
});
