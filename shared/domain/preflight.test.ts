import { expect } from "chai";
import { candidate, releaseConfig, revisionName, serviceKey, tagName } from "../../test/support/fixtures.ts";
import { serviceSettings } from "../../test/support/settings.ts";
import { byGravity, type Finding, mayBegin, stopsInWords } from "./finding.ts";
import { type PreflightReading, preflight } from "./preflight.ts";
import { quotaIn } from "./preflight-quota.ts";
import type { TrafficNow } from "./preflight-traffic.ts";
import type { Guardrails, ReleaseConfig } from "./release-config.ts";
import type { ProbeSettings, RevisionSettings } from "./service-settings.ts";

const gib = 2 ** 30;
const stable = revisionName("background-removal-00001");
const bad = candidate().revision;

const pinned: TrafficNow = {
  wished: [{ revision: stable, percent: 100 }],
  served: [{ revision: stable, percent: 100 }],
  followsLatest: false,
  remnants: [],
  failed: null,
};

const calm: PreflightReading = {
  live: { settings: serviceSettings(), traffic: pinned },
  releasedAs: null,
  trial: { state: "accepted" },
  gpuQuota: 8,
  imageRepository: null,
  connection: null,
  secrets: [],
};

const { guardrails: none } = releaseConfig();
const gpuConfig = releaseConfig({
  guardrails: { ...none, gpu: { type: "nvidia-l4", count: 1 }, memoryBytes: 32 * gib },
});

type Asked = Readonly<{ config?: ReleaseConfig; allowed?: string; accounts?: readonly string[] }>;

function findings(
  of: Partial<PreflightReading> = {},
  { config = gpuConfig, allowed, accounts = [] }: Asked = {},
) {
  const allowance = allowed === undefined ? null : ({ settings: ["memory"], reason: allowed } as const);
  return preflight({ tag: tagName(), config, allowance, accounts }, { ...calm, ...of });
}

function codes(of: Partial<PreflightReading> = {}, asked: Asked = {}): readonly string[] {
  return findings(of, asked).map(({ severity, code }) => `${severity} ${code}`);
}

function withTemplate(template: Partial<RevisionSettings>): Partial<PreflightReading> {
  return { live: { settings: serviceSettings(template), traffic: pinned } };
}

function withTraffic(traffic: Partial<TrafficNow>): Partial<PreflightReading> {
  return { live: { settings: serviceSettings(), traffic: { ...pinned, ...traffic } } };
}

function guarded(guardrails: Partial<Guardrails>): ReleaseConfig {
  return releaseConfig({ guardrails: { ...none, ...guardrails } });
}

const tcp: ProbeSettings = {
  kind: "tcp",
  path: null,
  port: 8080,
  initialDelayMs: 0,
  periodMs: 240_000,
  timeoutMs: 240_000,
  failureThreshold: 1,
};

function probes(startup: ProbeSettings | null): Partial<PreflightReading> {
  return withTemplate({ probes: { startup, liveness: null, readiness: null } });
}

const gpuQuotaText = `scaling.max_instance_count: Max instances must be set to 1 or fewer in order to set GPU requirements.
To request quota: g.co/cloudrun/gpu-quota
Quota violated:
NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion requested: 3 allowed: 1`;

const cases: readonly (readonly [string, Partial<PreflightReading>, Asked, readonly string[]])[] = [
  ["a service that is in order", {}, {}, ["notes traffic-was-pinned"]],
  [
    "a service that follows the latest",
    withTraffic({ followsLatest: true }),
    {},
    ["notes traffic-on-latest"],
  ],
  [
    "a broken guard rail",
    withTemplate({ memoryBytes: 16 * gib }),
    {},
    ["stops guardrail-broken", "notes traffic-was-pinned"],
  ],
  [
    "a broken guard rail that a person allowed",
    withTemplate({ memoryBytes: 16 * gib }),
    { allowed: "smaller model" },
    ["notes guardrail-allowed", "notes traffic-was-pinned"],
  ],
  [
    "traffic on two revisions",
    withTraffic({
      served: [
        { revision: stable, percent: 50 },
        { revision: bad, percent: 50 },
      ],
    }),
    {},
    ["stops traffic-split"],
  ],
  [
    "traffic that was asked for and cannot be",
    withTraffic({ wished: [{ revision: bad, percent: 100 }], failed: "it did not start" }),
    {},
    ["stops traffic-broken"],
  ],
  [
    "what a failed release of Gantry's left in the traffic",
    withTraffic({ wished: [{ revision: bad, percent: 100 }], failed: "it did not start", remnants: [bad] }),
    {},
    ["notes traffic-remnant"],
  ],
  ["traffic that is still on its way", withTraffic({ wished: [{ revision: bad, percent: 100 }] }), {}, []],
  [
    "a GPU with too little beside it",
    withTemplate({ cpu: 2, memoryBytes: 8 * gib, cpuAlwaysAllocated: false, executionEnvironment: "gen1" }),
    { config: releaseConfig() },
    ["stops gpu-shape", "stops gpu-shape", "stops gpu-shape", "stops gpu-shape", "notes traffic-was-pinned"],
  ],
  [
    "a GPU with Cloud Run's own CPU and memory",
    withTemplate({ cpu: null, memoryBytes: null }),
    { config: releaseConfig() },
    ["stops gpu-shape", "stops gpu-shape", "notes traffic-was-pinned"],
  ],
  [
    "memory that does not go with the CPU",
    withTemplate({ cpu: 8, memoryBytes: 33 * gib }),
    { config: releaseConfig() },
    ["stops memory-for-cpu", "notes traffic-was-pinned"],
  ],
  [
    "zonal redundancy",
    withTemplate({ zonalRedundancy: true }),
    {},
    ["warns gpu-zonal-redundancy", "notes traffic-was-pinned"],
  ],
  [
    "a minimum on the revision",
    withTemplate({ instances: { min: 1, max: 3 } }),
    {},
    ["warns revision-minimum", "notes traffic-was-pinned"],
  ],
  ["GPUs for the service alone", { gpuQuota: 3 }, {}, ["warns gpu-room", "notes traffic-was-pinned"]],
  ["a GPU for one more instance", { gpuQuota: 4 }, {}, ["notes traffic-was-pinned"]],
  ["an unknown quota", { gpuQuota: null }, {}, ["notes traffic-was-pinned", "notes gpu-room-unknown"]],
  [
    "a quota that is used up",
    { trial: { state: "refused", message: gpuQuotaText } },
    {},
    ["stops quota-exceeded", "notes traffic-was-pinned"],
  ],
  [
    "a template that Cloud Run refuses",
    { trial: { state: "refused", message: "template.timeout: maximum allowed time is one hour" } },
    {},
    ["stops template-refused", "notes traffic-was-pinned"],
  ],
  [
    "a Cloud Run that could not be asked",
    { trial: { state: "unknown", why: "403" } },
    {},
    ["notes traffic-was-pinned", "notes template-not-tried"],
  ],
  ["no startup probe", probes(null), {}, ["warns probe-ready-too-early", "notes traffic-was-pinned"]],
  ["a TCP startup probe", probes(tcp), {}, ["warns probe-ready-too-early", "notes traffic-was-pinned"]],
  ["a gRPC startup probe", probes({ ...tcp, kind: "grpc" }), {}, ["notes traffic-was-pinned"]],
  [
    "a startup probe of some page",
    probes({ ...tcp, kind: "http", path: "/" }),
    {},
    ["warns probe-ready-too-early", "notes traffic-was-pinned"],
  ],
  [
    "a startup probe of health",
    probes({ ...tcp, kind: "http", path: "/healthz" }),
    {},
    ["notes traffic-was-pinned"],
  ],
  [
    "no startup probe where nothing is slow to start",
    {
      live: {
        settings: serviceSettings({ gpu: null, probes: { startup: null, liveness: null, readiness: null } }),
        traffic: pinned,
      },
    },
    { config: releaseConfig() },
    ["notes traffic-was-pinned"],
  ],
  [
    "a startup probe that waits longer than Cloud Run does",
    probes({ ...tcp, kind: "grpc", failureThreshold: 2 }),
    {},
    ["warns startup-budget", "notes traffic-was-pinned"],
  ],
  [
    "a startup probe that gives up before the cold start may",
    probes({ ...tcp, kind: "grpc", periodMs: 1_000, failureThreshold: 5 }),
    {
      config: releaseConfig({
        verify: { ...releaseConfig().verify, coldStart: { withinMs: 120_000, expectMs: null } },
      }),
    },
    ["warns startup-budget", "notes traffic-was-pinned"],
  ],
  [
    "an image repository that is missing",
    { imageRepository: { name: "us-central1-docker.pkg.dev/p/images", state: "missing" } },
    {},
    ["stops image-repository-missing", "notes traffic-was-pinned"],
  ],
  [
    "an image repository that could not be looked up",
    { imageRepository: { name: "us-central1-docker.pkg.dev/p/images", state: "unknown", why: "HTTP 403" } },
    {},
    ["notes traffic-was-pinned", "notes image-repository-unknown"],
  ],
  [
    "an image repository that exists",
    { imageRepository: { name: "us-central1-docker.pkg.dev/p/images", state: "exists" } },
    {},
    ["notes traffic-was-pinned"],
  ],
  [
    "a secret that is usable",
    { secrets: [{ as: "env", at: "KEY", secret: "api-key", version: "3", state: "usable" }] },
    {},
    ["notes traffic-was-pinned"],
  ],
  [
    "a secret that is missing",
    { secrets: [{ as: "env", at: "KEY", secret: "api-key", version: "3", state: "missing" }] },
    {},
    ["stops secret-missing", "notes traffic-was-pinned"],
  ],
  [
    "a secret that is disabled",
    { secrets: [{ as: "env", at: "KEY", secret: "api-key", version: "3", state: "disabled" }] },
    {},
    ["stops secret-missing", "notes traffic-was-pinned"],
  ],
  [
    "a secret that could not be looked up, in its latest version",
    {
      secrets: [
        { as: "env", at: "KEY", secret: "api-key", version: "latest", state: "unknown", why: "HTTP 403" },
      ],
    },
    {},
    ["notes traffic-was-pinned", "notes secret-unknown", "notes secret-latest"],
  ],
  [
    "a first deploy",
    { live: null, gpuQuota: null },
    {},
    ["stops gpu-shape", "warns first-deploy", "warns probe-ready-too-early"],
  ],
  [
    "a first deploy of a small service",
    { live: null, gpuQuota: null },
    { config: guarded({ cpu: 1, memoryBytes: gib }) },
    ["warns first-deploy"],
  ],
  [
    "a first deploy that proves itself",
    { live: null, releasedAs: serviceKey(), gpuQuota: null },
    {
      config: guarded({
        gpu: { type: "nvidia-l4", count: 1 },
        cpu: 4,
        memoryBytes: 16 * gib,
        instances: { min: 0, max: 1 },
        probes: { startup: "http /health", liveness: null, readiness: null },
      }),
    },
    ["warns first-deploy"],
  ],
  [
    "a region that would make a new service",
    { live: null, gpuQuota: null, releasedAs: serviceKey("gantry-test/us-central1/background-removal") },
    { config: releaseConfig() },
    ["stops guardrail-broken", "warns first-deploy"],
  ],
];

describe("preflight()", () => {
  for (const [what, reading, asked, expected] of cases)
    it(`says of ${what}: ${expected.join(", ") || "nothing"}`, () => {
      expect(codes(reading, asked)).to.deep.equal(expected);
    });

  it("says with each finding that stops a release what to do", () => {
    const all = cases.flatMap(([, reading, asked]) => findings(reading, asked));
    for (const { severity, next, message } of all) {
      expect(message).to.match(/\.$/);
      if (severity === "stops") expect(next, message).to.not.equal("");
    }
  });

  it("names the quota, what is asked for and what there is", () => {
    const [found] = findings({ trial: { state: "refused", message: gpuQuotaText } });
    expect(found?.message).to.include("allows 1 and the service's most instances ask for 3");
    expect(quotaIn(gpuQuotaText)).to.deep.equal({
      quota: "NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion",
      requested: 3,
      allowed: 1,
    });
    const cpu = "CpuAllocPerProjectRegion requested: 32000 allowed: 20000";
    const [short] = findings({ trial: { state: "refused", message: cpu } });
    expect(short?.message).to.include("allows 20000 thousandths of a vCPU");
  });

  it("says how far stable can scale while the candidate has a GPU", () => {
    const room = (gpuQuota: number): string => findings({ gpuQuota })[0]?.message ?? "";
    expect(room(3)).to.include("stable can scale to 2 only");
    const alone = withTemplate({ instances: { min: 0, max: 1 } });
    expect(findings({ ...alone, gpuQuota: 1 })[0]?.message).to.include("cannot run at the same time");
    const unlimited = withTemplate({ instances: { min: 0, max: null } });
    expect(findings({ ...unlimited, gpuQuota: 3 })[0]?.message).to.include("may use 100");
  });

  it("shows a broken guard rail as a table, and how to allow it once", () => {
    const [found] = findings(withTemplate({ memoryBytes: 16 * gib }));
    expect(found?.rows).to.deep.equal([{ setting: "memory", wanted: "32Gi", found: "16Gi" }]);
    expect(found?.next).to.include("gantry deploy v1.0.0 --allow-change memory --reason TEXT");
    const [allowed] = findings(withTemplate({ memoryBytes: 16 * gib }), { allowed: "smaller model" });
    expect(allowed?.message).to.include("(smaller model)");
    const [unreasoned] = findings(withTemplate({ memoryBytes: 16 * gib }), { allowed: "" });
    expect(unreasoned?.message).to.include("to differ: memory");
  });
});

describe("preflight() of a connection", () => {
  const { source } = releaseConfig();
  const connection = "projects/demo/locations/us-west1/connections/acme/repositories/acme-api";
  const config = releaseConfig({ source: { ...source, connection } });

  it("stops a release whose repository is not connected, or is another one, and says what to type", () => {
    const [missing] = findings({ connection: { state: "missing" } }, { config });
    expect(missing?.next).to.equal(
      `gcloud builds repositories create acme-api --remote-uri=https://github.com/${source.repository}.git --connection=acme --region=us-west1 --project=demo`,
    );
    expect(codes({ connection: { state: "missing" } }, { config })[0]).to.equal("stops connection-missing");
    expect(codes({ connection: { state: "other" } }, { config })[0]).to.equal("stops connection-differs");
  });

  it("says nothing of one that fits, or where none is named", () => {
    for (const asked of [{ connection: { state: "exists" } } as const, {}])
      expect(codes(asked, { config }).join()).not.to.include("connection");
    expect(codes({ connection: { state: "missing" } }).join()).not.to.include("connection");
  });

  it("notes one that nobody could look up, and in whose project it is", () => {
    const unknown = { connection: { state: "unknown", why: "HTTP 403" } } as const;
    const messageIn = (project: string) =>
      findings(unknown, { config: { ...config, service: { ...config.service, project } } }).find(
        ({ code }) => code === "connection-unknown",
      )?.message;
    expect(messageIn("demo")).to.include("HTTP 403").and.not.include("another project");
    expect(messageIn("other")).to.include("another project's");
  });
});

describe("preflight() of an account", () => {
  const payments = "payments@demo.iam.gserviceaccount.com";
  const { runtime } = releaseConfig();
  const config = releaseConfig({ runtime: { ...runtime, serviceAccount: payments } });

  it("stops a release that names one which the policy does not, and says who can allow it", () => {
    const [found] = findings({}, { config });
    expect(found).to.include({ severity: "stops", code: "account-not-allowed" });
    expect(found?.next).to.include("the operator add it to accounts");
    expect(codes({}, { config, accounts: [payments] })).not.to.include("stops account-not-allowed");
  });
});

describe("findings", () => {
  const note: Finding = { severity: "notes", code: "first-deploy", message: "A note.", next: "" };
  const stop: Finding = { ...note, severity: "stops", message: "It stops." };

  it("come with the gravest first", () => {
    expect(byGravity([note, stop]).map(({ severity }) => severity)).to.deep.equal(["stops", "notes"]);
  });

  it("let a release begin unless one stops it", () => {
    expect([mayBegin([]), mayBegin([note]), mayBegin([note, stop])]).to.deep.equal([true, true, false]);
  });

  it("are told in a line where they stop it", () => {
    expect(stopsInWords([note, stop])).to.equal("It stops.");
    expect(stopsInWords([{ ...stop, next: "gantry plan v1" }])).to.equal("It stops. Next: gantry plan v1");
  });
});
