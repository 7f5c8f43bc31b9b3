import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { ProcessImage } from "../../../emulator/images/process-image.ts";
import { type CloudRun, startCloudRun } from "../../../emulator/run/cloud-run.ts";
import type { RevisionName, ServiceKey } from "../../domain/ids.ts";
import { parseImageDigest, parseReleaseId, parseServiceKey, parseTagName } from "../../domain/ids.ts";
import { candidateTag, type Split, stepSplit } from "../../domain/traffic.ts";
import { AppError } from "../../ports/app-error.ts";
import type {
  CandidateOutcome,
  CandidateRequest,
  RunPort,
  ServiceSnapshot,
  TrafficOutcome,
} from "../../ports/run.ts";
import type { Clock } from "../../ports/system.ts";
import { connectRun, type RunConnection } from "./connect-run.ts";
import { createRunAdapter } from "./run-adapter.ts";
import { runSettings } from "./run-context.ts";

const clock: Clock = {
  now: () => Date.now(),
  sleep: ({ ms, signal }) =>
    new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener("abort", wake);
    }),
};

const settings = {
  ...runSettings,
  pollMs: 15,
  retryMs: 10,
  callTimeoutMs: 2_000,
  settleMs: 800,
  cleanUpMs: 3_000,
};

const server = `
import { createServer } from "node:http";
createServer((_, res) => res.end(process.env.K_REVISION)).listen(Number(process.env.PORT));
`;

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;

/** Images by the letter of their digest: `c` crashes at once, every other one serves. */
function imageOf(directory: string, reference: string): ProcessImage {
  const digest = reference.split("@")[1] ?? digestOf("a");
  const crashes = digest === digestOf("c");
  const command = crashes ? ["node", "-e", "process.exit(1)"] : ["node", "server.mjs"];
  return { digest, rootDirectory: directory, workingDirectory: "/", command, env: {} };
}

let count = 0;
let directory = "";
let cloud: CloudRun;
let connection: RunConnection;
let run: RunPort;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "gantry-run-"));
  await writeFile(join(directory, "server.mjs"), server);
  const resolve = async (reference: string): Promise<ProcessImage> => imageOf(directory, reference);
  const timings = { reconcileMs: 10, trafficLagMs: 5, startupBudgetMs: 1_500, shutdownGraceMs: 100 };
  cloud = await startCloudRun({ images: { resolve }, timings });
  connection = connectRun({ endpoint: { ...cloud.grpc, insecure: true } });
  run = createRunAdapter({ clients: connection.clients, clock, settings });
});

after(async () => {
  await connection.close();
  await cloud.close();
  await rm(directory, { recursive: true });
});

afterEach(() => cloud.faults.clear());

const noGuard = {
  gpu: null,
  cpu: null,
  memoryBytes: null,
  concurrency: null,
  instances: null,
  timeoutMs: null,
};

function newService(): ServiceKey {
  count += 1;
  return parseServiceKey(`demo-project/us-central1/svc-${count}`)!;
}

const nameOf = (service: ServiceKey): string => service.split("/")[2] ?? "";

function requestFor(
  service: ServiceKey,
  release: string,
  change: Partial<CandidateRequest> = {},
): CandidateRequest {
  return {
    service,
    releaseId: parseReleaseId(`rel-${release}`)!,
    tag: parseTagName("v1.2.3")!,
    image: { name: "us-docker.pkg.dev/demo/gantry/api", digest: parseImageDigest(digestOf("a"))! },
    runtime: { env: { GREETING: release }, port: null, serviceAccount: null },
    guardrails: noGuard,
    deadlineMs: 5_000,
    signal: new AbortController().signal,
    ...change,
  };
}

const image = (letter: string): CandidateRequest["image"] => {
  return { name: "us-docker.pkg.dev/demo/gantry/api", digest: parseImageDigest(digestOf(letter))! };
};

type Ready = Extract<CandidateOutcome, { outcome: "ready" }>;

function readyOf(outcome: CandidateOutcome): Ready {
  if (outcome.outcome !== "ready") throw new Error(JSON.stringify(outcome));
  return outcome;
}

/** A service whose first release is live, and a second candidate beside it at 0 %. */
async function servicePair(): Promise<{
  service: ServiceKey;
  stable: RevisionName;
  candidate: RevisionName;
  tag: string;
}> {
  const service = newService();
  const stable = readyOf(await run.deployCandidate(requestFor(service, "00000001"))).candidate.revision;
  const second = readyOf(await run.deployCandidate(requestFor(service, "00000002", { image: image("b") })));
  return { service, stable, candidate: second.candidate.revision, tag: second.candidate.tag };
}

async function snapshot(service: ServiceKey): Promise<ServiceSnapshot> {
  const found = await run.readService(service);
  if (found === null) throw new Error(`no ${service}`);
  return found;
}

type Pair = Awaited<ReturnType<typeof servicePair>>;

function move(
  { service, candidate, stable, tag }: Pair,
  percent: number,
  expected: readonly Split[] | null,
  deadlineMs = 3_000,
): Promise<TrafficOutcome> {
  const target = stepSplit({ candidate, stable, percent });
  const tags = [{ revision: candidate, tag }];
  return run.setTraffic({
    service,
    target,
    tags,
    expected,
    deadlineMs,
    signal: new AbortController().signal,
  });
}

const at = ({ candidate, stable }: Pair, percent: number): Split => stepSplit({ candidate, stable, percent });

describe("the Cloud Run adapter against the local cloud", () => {
  it("makes a service that does not exist, with the first candidate at 100 % and no stable revision", async () => {
    const service = newService();
    const { candidate, stable } = readyOf(await run.deployCandidate(requestFor(service, "first001")));
    expect(stable).to.equal(null);
    expect(candidate.tag).to.equal("g-first001");
    expect(candidate.revision).to.match(new RegExp(`^${nameOf(service)}-v1-2-3-[0-9a-f]{8}$`));
    const { effective } = await snapshot(service);
    expect(effective.map(({ revision, percent }) => ({ revision, percent }))).to.deep.equal([
      { revision: candidate.revision, percent: 100 },
    ]);
    expect(await (await fetch(candidate.url)).text()).to.equal(candidate.revision);
  });

  it("adds a candidate at 0 % beside a stable revision that is pinned by name", async () => {
    const { service, stable, candidate, tag } = await servicePair();
    const { desired, url } = await snapshot(service);
    expect(desired).to.deep.equal([
      { revision: stable, percent: 100, tag: null },
      { revision: candidate, percent: 0, tag },
    ]);
    expect(await (await fetch(url)).text()).to.equal(stable);
    const found = await run.readRevision({ service, revision: candidate });
    expect(found?.labels).to.deep.equal({ "gantry-release": "rel-00000002", "gantry-stable": stable });
    expect(found?.imageDigest).to.equal(digestOf("b"));
  });

  it("finds the candidate of an earlier call and writes nothing", async () => {
    const { service, stable, candidate } = await servicePair();
    const again = readyOf(await run.deployCandidate(requestFor(service, "00000002", { image: image("b") })));
    expect([again.candidate.revision, again.stable]).to.deep.equal([candidate, stable]);
    expect(await run.revisions(service)).to.have.length(2);
  });

  for (const name of [
    "update-conflicts",
    "update-times-out-but-applied",
    "update-times-out-not-applied",
  ] as const) {
    it(`makes one revision only when ${name}`, async () => {
      const service = newService();
      await run.deployCandidate(requestFor(service, "00000001"));
      cloud.faults.set({ name, service: nameOf(service) });
      readyOf(await run.deployCandidate(requestFor(service, "00000002")));
      expect(await run.revisions(service)).to.have.length(2);
    });
  }

  for (const name of [
    "operation-never-completes",
    "operation-lost",
    "stale-read",
    "flaky-start",
    "unavailable",
  ] as const) {
    it(`brings the candidate up in spite of ${name}`, async () => {
      const service = newService();
      await run.deployCandidate(requestFor(service, "00000001"));
      cloud.faults.set({ name, service: nameOf(service) });
      readyOf(await run.deployCandidate(requestFor(service, "00000002")));
    });
  }

  it("takes a candidate that crashes out of the desired traffic and hands on Cloud Run's words", async () => {
    const { service, stable } = await servicePair();
    const outcome = await run.deployCandidate(requestFor(service, "00000003", { image: image("c") }));
    expect(outcome).to.include({ outcome: "failed", code: "candidate-not-ready" });
    expect(outcome.outcome === "failed" && outcome.message).to.contain(
      "failed to start and listen on the port",
    );
    const { desired } = await snapshot(service);
    expect(desired.filter(({ tag }) => tag === candidateTag(parseReleaseId("rel-00000003")!))).to.deep.equal(
      [],
    );
    expect(desired[0]).to.deep.equal({ revision: stable, percent: 100, tag: null });
    readyOf(await run.deployCandidate(requestFor(service, "00000004")));
  });

  it("takes the service away again when its first candidate crashes", async () => {
    const service = newService();
    const outcome = await run.deployCandidate(requestFor(service, "first002", { image: image("c") }));
    expect(outcome).to.include({ outcome: "failed", code: "candidate-not-ready" });
    expect(await run.readService(service)).to.equal(null);
  });

  it("gives up a revision that never becomes ready at its deadline", async () => {
    const { service, stable } = await servicePair();
    cloud.faults.set({ name: "revision-never-ready", service: nameOf(service) });
    const outcome = await run.deployCandidate(requestFor(service, "00000003", { deadlineMs: 300 }));
    expect(outcome).to.include({ outcome: "failed", code: "deploy-unfinished" });
    expect((await snapshot(service)).desired[0]).to.deep.equal({ revision: stable, percent: 100, tag: null });
  });

  it("hands on what Cloud Run refuses, and changes nothing", async () => {
    const { service } = await servicePair();
    const before = await snapshot(service);
    const runtime = { env: { PORT: "1" }, port: null, serviceAccount: null };
    const outcome = await run.deployCandidate(requestFor(service, "00000003", { runtime }));
    expect(outcome).to.include({ outcome: "refused", code: "deploy-refused" });
    expect(outcome.outcome === "refused" && outcome.message).to.contain(
      "reserved env names were provided: PORT",
    );
    expect(await snapshot(service)).to.deep.equal(before);
  });

  it("refuses to guess which revision is stable", async () => {
    const pair = await servicePair();
    await move(pair, 40, null);
    const outcome = await run.deployCandidate(requestFor(pair.service, "00000003"));
    expect(outcome).to.include({ outcome: "refused", code: "traffic-ambiguous" });
    expect(outcome.outcome === "refused" && outcome.message).to.contain(`60 % ${pair.stable}`);
  });

  it("is called off by its signal", async () => {
    const { service } = await servicePair();
    cloud.faults.set({ name: "revision-never-ready", service: nameOf(service) });
    const signal = AbortSignal.timeout(100);
    const outcome = run.deployCandidate(requestFor(service, "00000003", { signal }));
    const error = await outcome.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(AppError).and.include({ code: "run-timed-out", transient: true });
  });
});

describe("moving traffic against the local cloud", () => {
  it("moves in steps, keeps the tags of others, and reads back what is served", async () => {
    const pair = await servicePair();
    await cloud.faults.humanSetsTraffic({
      service: nameOf(pair.service),
      traffic: [
        { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: pair.stable, percent: 100, tag: "prod" },
        { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: pair.candidate, tag: pair.tag },
      ],
    });
    for (const percent of [5, 25, 100])
      expect(await move(pair, percent, [at(pair, 0), at(pair, 5), at(pair, 25)])).to.deep.equal({
        outcome: "effective",
      });
    const { effective } = await snapshot(pair.service);
    expect(effective.map(({ revision, percent, tag }) => [revision, percent, tag])).to.deep.equal([
      [pair.candidate, 100, pair.tag],
      [pair.stable, 0, "prod"],
    ]);
  });

  for (const name of [
    "update-conflicts",
    "update-times-out-but-applied",
    "update-times-out-not-applied",
    "operation-never-completes",
    "operation-lost",
    "stale-read",
    "unavailable",
  ] as const) {
    it(`moves traffic in spite of ${name}`, async () => {
      const pair = await servicePair();
      cloud.faults.set({ name, service: nameOf(pair.service) });
      expect(await move(pair, 5, [at(pair, 0)])).to.deep.equal({ outcome: "effective" });
      expect((await snapshot(pair.service)).desired).to.deep.include({
        revision: pair.candidate,
        percent: 5,
        tag: pair.tag,
      });
    });
  }

  it("waits until a lagging cloud serves the target, and says what is served when it does not in time", async () => {
    const pair = await servicePair();
    cloud.faults.set({ name: "traffic-lag", service: nameOf(pair.service), ms: 250 });
    const outcome = await move(pair, 5, [at(pair, 0)], 100);
    expect(outcome).to.deep.include({ outcome: "refused", found: at(pair, 0) });
    expect(await move(pair, 5, [at(pair, 0)])).to.deep.equal({ outcome: "effective" });
  });

  it("leaves alone what a person set, and tells what it found", async () => {
    const pair = await servicePair();
    const hand = [
      { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: pair.candidate, percent: 100 },
    ];
    await cloud.faults.humanSetsTraffic({ service: nameOf(pair.service), traffic: hand });
    const outcome = await move(pair, 5, [at(pair, 0)]);
    expect(outcome).to.deep.equal({ outcome: "drifted", found: at(pair, 100) });
    expect((await snapshot(pair.service)).desired).to.have.length(1);
  });

  it("takes back all traffic for a person who asks for it, whatever is there", async () => {
    const pair = await servicePair();
    await move(pair, 40, null);
    expect(await move(pair, 0, null)).to.deep.equal({ outcome: "effective" });
  });

  it("hands on what Cloud Run says to a revision that does not exist", async () => {
    const pair = await servicePair();
    const outcome = await move(
      { ...pair, candidate: `${nameOf(pair.service)}-gone` as RevisionName },
      5,
      null,
    );
    expect(outcome).to.deep.include({ outcome: "refused", found: at(pair, 0) });
    expect(outcome.outcome === "refused" && outcome.message).to.contain("does not exist or is deleted");
  });

  it("removes the tag of a release that ended and touches no share", async () => {
    const pair = await servicePair();
    await move(pair, 100, null);
    const releaseId = parseReleaseId("rel-00000002")!;
    const end = { ended: "live", deadlineMs: 2_000, signal: new AbortController().signal } as const;
    await run.removeCandidate({ service: pair.service, releaseId, ...end });
    await run.removeCandidate({ service: pair.service, releaseId, ...end });
    expect((await snapshot(pair.service)).desired).to.deep.equal([
      { revision: pair.candidate, percent: 100, tag: null },
    ]);
  });
});
