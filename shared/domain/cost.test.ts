import { expect } from "chai";
import fc from "fast-check";
import { revisionName } from "../../test/support/fixtures.ts";
import { revisionSettings } from "../../test/support/settings.ts";
import type { Usage, UsagePoint } from "./cold-starts.ts";
import { type CostFacts, costReport } from "./cost.ts";
import { type Billed, billedOf, rateOf } from "./cost-rate.ts";
import { dollars, hoursInWords } from "./cost-words.ts";
import { type Price, priceOf, unitOf } from "./prices.ts";
import { isWithin, lengthOf, merged, type TimeSpan, without } from "./time-spans.ts";
import { warmSpansWithin } from "./warm-spans.ts";

const minute = 60_000;
const hour = 60 * minute;
const region = "us-central1";
const gpuService: Billed = {
  cpu: 8,
  memoryGib: 32,
  gpu: { type: "nvidia-l4", count: 1 },
  zonalRedundancy: false,
  billing: "instance",
};
const webService: Billed = { ...gpuService, cpu: 1, memoryGib: 0.5, gpu: null, billing: "request" };

const hourly = (billed: Billed, prices: readonly Price[] = []) =>
  rateOf({ billed, use: "serving", region, prices }).usdPerHour ?? Number.NaN;

describe("the price of an instance", () => {
  it("is $1.421 an hour for 8 vCPU, 32 GiB and an L4, and $1.796 with zonal redundancy", () => {
    expect(hourly(gpuService)).to.be.closeTo(1.421, 0.0005);
    expect(hourly({ ...gpuService, zonalRedundancy: true })).to.be.closeTo(1.796, 0.0005);
  });

  it("is $1,037 or $1,311 for a month of 730 hours, and $369 or $467 for 12 hours on 5 days a week", () => {
    const zonal = hourly({ ...gpuService, zonalRedundancy: true });
    const businessHours = (12 * 5 * 52) / 12;
    expect([hourly(gpuService) * 730, zonal * 730].map(Math.round)).to.deep.equal([1037, 1311]);
    expect([hourly(gpuService) * businessHours, zonal * businessHours].map(Math.round)).to.deep.equal([
      369, 467,
    ]);
  });

  it("is lower while a minimum waits, for a service that is paid by request", () => {
    const of = (use: "serving" | "waiting") =>
      rateOf({ billed: webService, use, region, prices: [] }).usdPerHour;
    expect(of("serving")).to.be.closeTo((0.000024 + 0.5 * 0.0000025) * 3600, 1e-9);
    expect(of("waiting")).to.be.closeTo(1.5 * 0.0000025 * 3600, 1e-9);
  });

  it("is the operator's own where there is one, the last of several", () => {
    const own = (usd: number): Price => ({
      sku: "gpu-nvidia-l4",
      region,
      usd,
      date: "2026-11-01",
      source: "contract",
    });
    const prices = [own(0.5), own(0.0001)];
    expect(priceOf(prices, { sku: "gpu-nvidia-l4", region })?.usd).to.equal(0.0001);
    expect(hourly(gpuService, prices)).to.be.closeTo(1.421 - 0.0000867 * 3600, 0.0005);
  });

  it("is not known for a region or a GPU that nobody priced", () => {
    const elsewhere = rateOf({ billed: gpuService, use: "serving", region: "europe-west4", prices: [] });
    expect(elsewhere).to.deep.include({
      usdPerHour: null,
      missing: ["cpu-instance", "memory-instance", "gpu-nvidia-l4"],
    });
    const other = { ...gpuService, gpu: { type: "nvidia-rtx-pro-6000", count: 1 } };
    expect(rateOf({ billed: other, use: "serving", region, prices: [] }).missing).to.deep.equal([
      "gpu-nvidia-rtx-pro-6000",
    ]);
  });

  it("says of each part what it is, from when, and where it was read", () => {
    const { parts } = rateOf({ billed: gpuService, use: "serving", region, prices: [] });
    expect(parts.map(({ sku, quantity, unit }) => `${quantity} ${unit} ${sku}`)).to.deep.equal([
      "8 vCPU-second cpu-instance",
      "32 GiB-second memory-instance",
      "1 GPU-second gpu-nvidia-l4",
    ]);
    for (const { date, source } of parts) {
      expect(date).to.match(/^\d{4}-\d{2}-\d{2}$/);
      expect(source).to.match(/^https:/);
    }
  });

  it("knows the unit of every SKU, and of no other word", () => {
    expect(["cpu-idle", "requests", "gpu-x-zonal", "disk"].map(unitOf)).to.deep.equal([
      "vCPU-second",
      "request",
      "GPU-second",
      null,
    ]);
  });
});

describe("what of a service is paid for", () => {
  const gib = 1024 ** 3;
  it("is the whole life of an instance with a GPU, or with CPU that is always allocated", () => {
    const gpu = { type: "nvidia-l4", count: 1 };
    expect(
      billedOf(
        revisionSettings({
          gpu,
          cpu: 8,
          memoryBytes: 32 * gib,
          zonalRedundancy: false,
          cpuAlwaysAllocated: false,
        }),
      ),
    ).to.deep.equal(gpuService);
    expect(billedOf(revisionSettings({ gpu: null, cpuAlwaysAllocated: true })).billing).to.equal("instance");
  });

  it("is the time of requests otherwise, at Cloud Run's own size where none is set", () => {
    expect(
      billedOf(
        revisionSettings({
          gpu: null,
          cpu: null,
          memoryBytes: null,
          cpuAlwaysAllocated: false,
          zonalRedundancy: false,
        }),
      ),
    ).to.deep.equal(webService);
  });
});

describe("spans of time", () => {
  const span = fc
    .tuple(fc.nat(100), fc.nat(100))
    .map(([from, length]): TimeSpan => ({ from, until: from + length }));
  const spans = fc.array(span, { maxLength: 8 });

  it("hold every moment once when they are merged, and none of another's when it is taken away", () => {
    fc.assert(
      fc.property(spans, spans, (some, others) => {
        for (let at = 0; at <= 210; at += 1) {
          expect(isWithin(merged(some), at)).to.equal(isWithin(some, at));
          expect(isWithin(without(some, others), at)).to.equal(isWithin(some, at) && !isWithin(others, at));
        }
        expect(lengthOf(without(some, others))).to.be.at.most(lengthOf(some));
      }),
      { numRuns: 100 },
    );
  });
});

const from = Date.UTC(2026, 5, 1); // a Monday
const period = { from, until: from + 7 * 24 * hour };
const at = (hours: number, minutes = 0, value = 1): UsagePoint => {
  const start = from + hours * hour + minutes * minute;
  return { from: start, to: start + minute, value };
};
const hours = {
  days: ["mon", "tue", "wed", "thu", "fri"],
  holidays: [],
  from: "09:00",
  to: "21:00",
  zone: "UTC",
  leadMs: 10 * minute,
} as const;
const warm = warmSpansWithin(hours, period);
const nothing: Usage = { requests: null, starts: null, instances: null, billableSeconds: null };

function facts(changes: Partial<CostFacts> = {}): CostFacts {
  return {
    period,
    service: "api",
    region,
    billed: gpuService,
    hasSidecars: false,
    prices: [],
    minimum: 0,
    warmup: { mode: "minInstances", instances: 1, spans: warm },
    referenced: [],
    usage: nothing,
    ...changes,
  };
}

/** What each mode costs, to the cent. */
const money = (of: CostFacts) =>
  Object.fromEntries(
    costReport(of).modes.map(({ mode, usd }) => [mode, usd === null ? null : Number(usd.toFixed(2))]),
  );

describe("the bill of a service with a GPU", () => {
  it("counts the hours of its warm windows, the lead before them included", () => {
    expect(costReport(facts()).warmHours).to.be.closeTo(5 * 12 + 5 / 6, 1e-9);
    const half = { from: from + 15 * hour, until: from + 16 * hour };
    expect(warmSpansWithin(hours, half)).to.deep.equal([half]);
    expect(warmSpansWithin({ ...hours, days: [] }, period)).to.deep.equal([]);
  });

  it("reckons every mode from the requests that came", () => {
    const usage = { ...nothing, requests: [at(2), at(12), at(12, 5), at(30, 0, 0)] };
    const report = costReport(facts({ usage }));
    const rate = hourly(gpuService);
    const [always, window, ping, zero] = report.modes;
    expect(always).to.include({ mode: "always-on", basis: "computed", hours: 168, isNow: false });
    expect(always?.usd).to.be.closeTo(168 * rate, 1e-9);
    const awakeAtNight = 11 / 60; // a minute of requests, and ten of waiting
    expect(window).to.include({ mode: "warm-window", basis: "estimated", isNow: true });
    expect(window?.hours).to.be.closeTo(report.warmHours + awakeAtNight, 1e-9);
    expect(ping?.usd).to.be.closeTo(window?.usd ?? 0, 1e-9);
    expect(zero?.hours).to.be.closeTo(awakeAtNight + 16 / 60, 1e-9);
    expect(zero?.why).to.include("estimated from the requests that came");
  });

  it("says what it does not know without a count of requests", () => {
    expect(money(facts())).to.deep.equal({
      "always-on": 238.71,
      "warm-window": null,
      ping: null,
      "scale-to-zero": null,
    });
    const [, window] = costReport(facts()).modes;
    expect(window?.why).to.include("the window alone is 60.8 h");
  });

  it("has no money in a region without prices, and says where to write them", () => {
    const report = costReport(
      facts({ region: "mars-north1", usage: { ...nothing, requests: [at(1)], billableSeconds: 60 } }),
    );
    expect(report.modes.map(({ usd }) => usd)).to.deep.equal([null, null, null, null]);
    expect(report.spent.usd).to.equal(null);
    expect(report.modes[0]?.why).to.equal(
      "No price of `cpu-instance`, `memory-instance`, `gpu-nvidia-l4` in mars-north1 is known. Write it under `prices` of gantry.policy.yaml.",
    );
  });

  it("takes the minimum that a service has for what it is in now", () => {
    const of = (changes: Partial<CostFacts>) =>
      costReport(facts(changes)).modes.find(({ isNow }) => isNow)?.mode;
    expect(of({ minimum: 2 })).to.equal("always-on");
    expect(of({ warmup: null })).to.equal("scale-to-zero");
    expect(costReport(facts({ warmup: null })).modes[1]?.why).to.include("has no `warmup`");
    expect(of({ warmup: { mode: "ping", instances: 1, spans: warm } })).to.equal("ping");
    expect(money(facts({ minimum: 2 }))["always-on"]).to.equal(477.43);
  });

  it("prices the instance time that was measured", () => {
    const { spent } = costReport(facts({ usage: { ...nothing, billableSeconds: 36_000 } }));
    expect(spent).to.include({ hours: 10, basis: "measured" });
    expect(spent.usd).to.be.closeTo(14.21, 0.005);
    expect(costReport(facts()).spent).to.include({ usd: null, hours: null, basis: "unknown" });
  });

  it("says that sidecars are not counted where there are some", () => {
    expect(costReport(facts({ hasSidecars: true })).notCounted.join()).to.include("sidecars");
    expect(costReport(facts()).notCounted.join()).not.to.include("sidecars");
  });
});

describe("the bill of a service that is paid by request", () => {
  const usage = { ...nothing, requests: [at(2, 0, 1_000_000)], billableSeconds: 3600 };
  const served = (0.000024 + 0.5 * 0.0000025) * 3600 + 0.4;
  const waiting = 1.5 * 0.0000025 * 3600;

  it("adds what a minimum costs while it waits to what requests cost", () => {
    const [always, window, ping, zero] = costReport(facts({ billed: webService, usage })).modes;
    expect(zero?.usd).to.be.closeTo(served, 1e-9);
    expect(ping?.usd).to.be.closeTo(served, 1e-9);
    expect(ping?.why).to.include("the pings themselves are not reckoned");
    expect(always?.usd).to.be.closeTo(served + 167 * waiting, 1e-9);
    expect(window?.usd).to.be.closeTo(served + (60 + 5 / 6 - 1) * waiting, 1e-9);
  });

  it("is not known without billable time, or without a price of requests", () => {
    expect(money(facts({ billed: webService }))["scale-to-zero"]).to.equal(null);
    const elsewhere = { sku: "", region: "here", usd: 1, date: "", source: "" };
    const prices = ["cpu-request", "memory-request", "cpu-idle", "memory-idle"].map((sku) => ({
      ...elsewhere,
      sku,
    }));
    const report = costReport(facts({ billed: webService, usage, region: "here", prices }));
    expect(report.spent.why).to.include("`requests`");
    expect(report.modes.every(({ usd }) => usd === null)).to.equal(true);
    const free = costReport(facts({ billed: webService, usage: { ...usage, requests: null } }));
    expect(free.spent.usd).to.be.closeTo(served - 0.4, 1e-9);
  });
});

describe("cold starts", () => {
  const of = (usage: Partial<Usage>, changes: Partial<CostFacts> = {}) =>
    costReport(facts({ usage: { ...nothing, ...usage }, ...changes })).coldStarts;
  // at 12:00 and 12:05 one stretch, at 15:00 another, at 23:00 outside of the window
  const requests = [at(12), at(12, 5), at(15), at(23)];

  it("are avoided where a request came in the window after a longer silence than an instance outlasts", () => {
    expect(of({ requests }).avoided).to.include({ count: 2, basis: "estimated" });
    expect(of({ requests }).avoided.why).to.include("10 min").and.to.include("is not known");
  });

  it("are not avoided where no instance was there", () => {
    const instances = [at(11, 59), at(14, 59, 0)];
    expect(of({ requests, instances }).avoided).to.include({ count: 1, basis: "estimated" });
  });

  it("are not counted at the beginning, where nobody knows what was before", () => {
    const early = { from: from + 12 * hour, until: period.until };
    expect(of({ requests: [at(12, 5)] }, { period: early }).avoided.count).to.equal(0);
  });

  it("take fifteen minutes of silence without a GPU", () => {
    const close = { requests: [at(12), at(12, 13)] };
    expect(of(close).avoided.count).to.equal(2);
    expect(of(close, { billed: webService }).avoided.count).to.equal(1);
  });

  it("are none that the warmup avoided where there is no warmup, and not known with pings or without data", () => {
    expect(of({ requests }, { warmup: null }).avoided).to.include({ count: 0, basis: "measured" });
    expect(of({ requests }, { warmup: { mode: "ping", instances: 1, spans: warm } }).avoided.basis).to.equal(
      "unknown",
    );
    expect(of({}).avoided).to.include({ count: null, basis: "unknown" });
  });

  it("are seen where instances started outside of the window", () => {
    const { seen } = of({ starts: [at(2), at(3, 0, 0), at(8, 55), at(23)] });
    expect(seen).to.include({ count: 2, basis: "measured" });
    expect(seen.why).to.include("1 more lie in it");
    expect(of({ starts: [at(2)] }).seen.why).not.to.include("more lie in it");
    expect(of({}).seen).to.include({ count: null, basis: "unknown" });
  });
});

describe("minimum instances that nobody uses", () => {
  const gpu = { type: "nvidia-l4", count: 1 };
  const settings = revisionSettings({
    gpu,
    cpu: 8,
    memoryBytes: 32 * 1024 ** 3,
    zonalRedundancy: false,
    instances: { min: 1, max: 3 },
  });
  const tagged = { revision: revisionName("api-00002"), percent: 0, tags: ["preview"], settings };

  it("are named with what they cost and how to end it", () => {
    const [found, ...others] = costReport(facts({ referenced: [tagged] })).idleMinimums;
    expect(others).to.deep.equal([]);
    expect(found?.message).to.equal(
      "api-00002 has no traffic, but the tag `preview` keeps 1 instance with a GPU of it running: about $1037 a month.",
    );
    expect(found?.next).to.equal(
      "gcloud run services update-traffic api --region=us-central1 --remove-tags=preview",
    );
  });

  it("of a candidate are left to the end of its release", () => {
    const next = (tags: readonly string[]) =>
      costReport(facts({ referenced: [{ ...tagged, tags }] })).idleMinimums[0]?.next;
    expect(next(["g-1rduj89s"])).to.include("Gantry takes the tag away");
    expect(next(["g-1rduj89s", "preview"])).to.include("--remove-tags=preview");
  });

  it("are named where only an entry of 0 % is left, and without a price", () => {
    const two = revisionSettings({ ...settings, gpu: null, instances: { min: 2, max: 3 } });
    const [found] = costReport(
      facts({ region: "mars-north1", referenced: [{ ...tagged, tags: [], settings: two }] }),
    ).idleMinimums;
    expect(found?.message).to.include("an entry of 0 % keeps 2 instances of it running: which costs money");
    expect(found?.next).to.include("--to-revisions=REVISION=100");
    expect(found?.usdPerMonth).to.equal(null);
  });

  it("are none where the revision has traffic, or no minimum of its own", () => {
    const quiet = revisionSettings({ instances: { min: 0, max: 3 } });
    const referenced = [
      { ...tagged, percent: 5 },
      { ...tagged, settings: quiet },
    ];
    expect(costReport(facts({ referenced })).idleMinimums).to.deep.equal([]);
  });
});

describe("money and hours in words", () => {
  it("say what is not known, and what is less than a cent", () => {
    expect([null, 0, 0.004, 1.421, 999.999, 1037.2, 1_311_000].map(dollars)).to.deep.equal([
      "not known",
      "$0.00",
      "< $0.01",
      "$1.42",
      "$1000.00",
      "$1,037",
      "$1,311,000",
    ]);
    expect([null, 0, 0.001, 60.83].map(hoursInWords)).to.deep.equal([
      "not known",
      "0.0 h",
      "< 0.1 h",
      "60.8 h",
    ]);
  });
});
