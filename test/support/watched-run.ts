import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { faultRoutes } from "../../emulator/build/fault-switches.ts";
import type { ProcessImage } from "../../emulator/images/process-image.ts";
import { type Logging, startLogging } from "../../emulator/logging/start-logging.ts";
import { sampledRevision } from "../../emulator/monitoring/measured-run.ts";
import { type Monitoring, startMonitoring } from "../../emulator/monitoring/start-monitoring.ts";
import { type CloudRun, startCloudRun } from "../../emulator/run/cloud-run.ts";
import { connectRun } from "../../shared/adapters/run/connect-run.ts";
import { createRunAdapter } from "../../shared/adapters/run/run-adapter.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import type { ServiceKey } from "../../shared/domain/ids.ts";
import type { Candidate } from "../../shared/domain/service-state.ts";
import type { RunPort } from "../../shared/ports/run.ts";
import { digestOf, imageOf, newService, readyOf, requestFor, testSettings } from "./local-run.ts";

/** Says what it does in each way that Cloud Run knows, and answers with the status that it is asked for. */
const server = `
import { createServer } from "node:http";
const line = (fields) => process.stdout.write(JSON.stringify(fields) + "\\n");
line({ severity: "INFO", message: "loading", model: "base" });
line({ severity: "error", message: "weights are old" });
process.stderr.write("plain words\\n");
createServer((request, response) => {
  const wait = Number(new URL(request.url, "http://x").searchParams.get("wait") ?? 0);
  response.statusCode = Number(request.url.slice(1, 4)) || 200;
  setTimeout(() => response.end(process.env.LOCAL_GPU_TYPE ?? "cpu"), wait);
}).listen(Number(process.env.PORT));
`;

const lines = Array.from({ length: 5 }, (_, index) => ({
  at: 1_000 * (index + 1),
  text: `line ${index + 1}`,
}));

/** A local Cloud Run that is measured every 40 ms, and logged. It knows one build, `build-1`, with five lines. */
export class WatchedRun {
  readonly cloud: CloudRun;
  readonly monitoring: Monitoring;
  readonly logging: Logging;
  readonly run: RunPort;
  readonly #close: () => Promise<void>;

  private constructor(
    parts: Readonly<{ cloud: CloudRun; monitoring: Monitoring; logging: Logging; run: RunPort }>,
    close: () => Promise<void>,
  ) {
    this.cloud = parts.cloud;
    this.monitoring = parts.monitoring;
    this.logging = parts.logging;
    this.run = parts.run;
    this.#close = close;
  }

  static async start(): Promise<WatchedRun> {
    const directory = await mkdtemp(join(tmpdir(), "gantry-watched-"));
    await writeFile(join(directory, "server.mjs"), server);
    const resolve = async (reference: string): Promise<ProcessImage> => {
      const digest = reference.split("@")[1] ?? digestOf("a");
      return {
        digest,
        rootDirectory: directory,
        workingDirectory: "/",
        command: ["node", "server.mjs"],
        env: {},
      };
    };
    const timings = { reconcileMs: 10, trafficLagMs: 5, startupBudgetMs: 3_000, shutdownGraceMs: 100 };
    const cloud = await startCloudRun({ images: { resolve }, timings });
    const measured = {
      revisions: () => cloud.activity().map(sampledRevision),
      onRequest: cloud.onRequest,
    };
    const monitoring = await startMonitoring({ run: measured, timings: { sampleMs: 40, lagMs: 20 } });
    const build = async (id: string) =>
      id === "build-1" ? { project: "demo-project", tags: ["x"], lines } : null;
    const others = { monitoring: faultRoutes(monitoring.faults) };
    const logging = await startLogging({ sources: { run: cloud, build }, others });
    const connection = connectRun({ endpoint: { ...cloud.grpc, insecure: true } });
    const run = createRunAdapter({ clients: connection.clients, clock: systemClock, settings: testSettings });
    return new WatchedRun({ cloud, monitoring, logging, run }, async () => {
      await connection.close();
      await logging.close();
      await monitoring.close();
      await cloud.close();
      await rm(directory, { recursive: true });
    });
  }

  /** A service of its own with one revision, which has all traffic. */
  async serve(gpu: boolean): Promise<Readonly<{ service: ServiceKey; candidate: Candidate }>> {
    const service = newService();
    const { guardrails } = requestFor(service, "00000001");
    const large = { cpu: 4, memoryBytes: 16 * 2 ** 30, concurrency: 1, instances: { min: 0, max: 3 } };
    const shaped = gpu ? { ...guardrails, ...large, gpu: { type: "nvidia-l4", count: 1 } } : guardrails;
    const request = requestFor(service, "00000001", { image: imageOf("a"), guardrails: shaped });
    return { service, candidate: readyOf(await this.run.deployCandidate(request)).candidate };
  }

  close(): Promise<void> {
    return this.#close();
  }
}
