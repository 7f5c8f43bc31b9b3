import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProcessImage } from "../../emulator/images/process-image.ts";
import { type CloudRun, startCloudRun } from "../../emulator/run/cloud-run.ts";
import { connectRun, type RunClients } from "../../shared/adapters/run/connect-run.ts";
import { createRunAdapter } from "../../shared/adapters/run/run-adapter.ts";
import { runSettings } from "../../shared/adapters/run/run-context.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import {
  parseImageDigest,
  parseReleaseId,
  parseServiceKey,
  parseTagName,
  type RevisionName,
  type ServiceKey,
} from "../../shared/domain/ids.ts";
import type { CandidateOutcome, CandidateRequest, RunPort, ServiceSnapshot } from "../../shared/ports/run.ts";

/** Patience cut to what the local cloud needs. */
export const testSettings = {
  ...runSettings,
  pollMs: 15,
  retryMs: 10,
  callTimeoutMs: 3_000,
  settleMs: 500,
  cleanUpMs: 3_000,
};

const server = `
import { createServer } from "node:http";
createServer((_, res) => res.end(process.env.K_REVISION)).listen(Number(process.env.PORT));
`;

export const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;

export function imageOf(letter: string): CandidateRequest["image"] {
  return { name: "us-docker.pkg.dev/demo/gantry/api", digest: parseImageDigest(digestOf(letter))! };
}

/** A local Cloud Run and the adapter that drives it with Google's client. */
export type LocalRun = Readonly<{
  cloud: CloudRun;
  run: RunPort;
  clients: (region: string) => Promise<RunClients>;
  close: () => Promise<void>;
}>;

/** Every image serves its revision's name, but that with the digest `ccc…`, which ends at once. */
export async function startLocalRun(): Promise<LocalRun> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-run-"));
  await writeFile(join(directory, "server.mjs"), server);
  const resolve = async (reference: string): Promise<ProcessImage> => {
    const digest = reference.split("@")[1] ?? digestOf("a");
    const command = digest === digestOf("c") ? ["node", "-e", "process.exit(1)"] : ["node", "server.mjs"];
    return { digest, rootDirectory: directory, workingDirectory: "/", command, env: {} };
  };
  const timings = { reconcileMs: 10, trafficLagMs: 5, startupBudgetMs: 3_000, shutdownGraceMs: 100 };
  const cloud = await startCloudRun({ images: { resolve }, timings });
  const connection = connectRun({ endpoint: { ...cloud.grpc, insecure: true } });
  const { clients } = connection;
  const run = createRunAdapter({ clients, clock: systemClock, settings: testSettings });
  const close = async (): Promise<void> => {
    await connection.close();
    await cloud.close();
    await rm(directory, { recursive: true });
  };
  return { cloud, run, clients, close };
}

let count = 0;

/** A service that no other test uses. */
export function newService(): ServiceKey {
  count += 1;
  return parseServiceKey(`demo-project/us-central1/svc-${count}`)!;
}

export const nameOf = (service: ServiceKey): string => service.split("/")[2] ?? "";

/** A request for a candidate of release `rel-<release>` from a good image, with five seconds of time. */
export function requestFor(
  service: ServiceKey,
  release: string,
  change: Partial<CandidateRequest> = {},
): CandidateRequest {
  return {
    service,
    releaseId: parseReleaseId(`rel-${release}`)!,
    tag: parseTagName("v1.2.3")!,
    image: imageOf("a"),
    runtime: { env: { GREETING: "hello" }, port: null, serviceAccount: null },
    guardrails: {
      gpu: null,
      cpu: null,
      memoryBytes: null,
      concurrency: null,
      instances: null,
      timeoutMs: null,
      executionEnvironment: null,
      serviceAccount: null,
      ingress: null,
      secrets: null,
      probes: null,
    },
    accounts: [],
    deadlineMs: 5_000,
    signal: new AbortController().signal,
    ...change,
  };
}

type Ready = Extract<CandidateOutcome, { outcome: "ready" }>;

/** The outcome when it is `ready`; throws with all of it when it is not. */
export function readyOf(outcome: CandidateOutcome): Ready {
  if (outcome.outcome !== "ready") throw new Error(JSON.stringify(outcome));
  return outcome;
}

export type ServicePair = Readonly<{
  service: ServiceKey;
  stable: RevisionName;
  candidate: RevisionName;
  tag: string;
}>;

/** A new service whose first release is live, and a candidate of `rel-00000002` beside it at 0 %. */
export async function servicePair({ run }: LocalRun): Promise<ServicePair> {
  const service = newService();
  const first = readyOf(await run.deployCandidate(requestFor(service, "00000001")));
  const { candidate } = readyOf(
    await run.deployCandidate(requestFor(service, "00000002", { image: imageOf("b") })),
  );
  return { service, stable: first.candidate.revision, candidate: candidate.revision, tag: candidate.tag };
}

/** The service, which must exist. */
export async function snapshotOf({ run }: LocalRun, service: ServiceKey): Promise<ServiceSnapshot> {
  const found = await run.readService(service);
  if (found === null) throw new Error(`no ${service}`);
  return found;
}

/** An entry of a traffic list as a person writes it. */
export function share(
  revision: RevisionName | null,
  percent: number,
  tag = "",
): Readonly<{ type: string; revision?: string; percent: number; tag: string }> {
  const type = `TRAFFIC_TARGET_ALLOCATION_TYPE_${revision === null ? "LATEST" : "REVISION"}`;
  return { type, percent, tag, ...(revision === null ? {} : { revision }) };
}
