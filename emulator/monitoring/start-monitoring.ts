import { FaultSwitches } from "../build/fault-switches.ts";
import { startGrpcServer } from "../grpc/grpc-server.ts";
import { loadProtoDefinitions } from "../grpc/proto-definitions.ts";
import { HIGH_MEMORY_SHARE, type MetricFaultName, metricFaultNames } from "./metric-faults.ts";
import { metricService } from "./metric-service.ts";
import { RunSampler, type SampledRequest, type SampledRevision } from "./run-sampler.ts";
import { SampleStore } from "./sample-store.ts";

/** How quickly something is measured and can be read, in milliseconds; 60,000 and up to 180,000 in the real service. */
export type MonitoringTimings = Readonly<{ sampleMs: number; lagMs: number }>;

export const DEFAULT_MONITORING_TIMINGS: MonitoringTimings = { sampleMs: 1_000, lagMs: 500 };

/** The local Cloud Run as far as it is measured. */
export type MeasuredRun = Readonly<{
  revisions: () => readonly SampledRevision[];
  /** Calls back after each request; the answer ends that. */
  onRequest: (listener: (request: SampledRequest) => void) => () => void;
}>;

export type MonitoringOptions = Readonly<{
  run: MeasuredRun;
  timings?: Partial<MonitoringTimings>;
  host?: string;
  port?: number;
}>;

export type Monitoring = Readonly<{
  grpc: Readonly<{ host: string; port: number }>;
  faults: FaultSwitches<MetricFaultName>;
  timings: MonitoringTimings;
  close(): Promise<void>;
}>;

const PROTOS = "@google-cloud/monitoring/build/protos/protos.json";

/** Starts the local Cloud Monitoring: v3 over plaintext gRPC, on what the processes of the local Cloud Run really do. */
export async function startMonitoring(options: MonitoringOptions): Promise<Monitoring> {
  const { run, host = "127.0.0.1", port = 0 } = options;
  const timings = { ...DEFAULT_MONITORING_TIMINGS, ...options.timings };
  const faults = new FaultSwitches(metricFaultNames, metricFaultNames);
  const store = new SampleStore();
  const now = Date.now;
  const memoryFault = (): number | null => (faults.take("memory-high") === null ? null : HIGH_MEMORY_SHARE);
  const sampler = new RunSampler({ store, revisions: run.revisions, memoryFault, now });
  const definitions = loadProtoDefinitions(PROTOS);
  const services = [metricService({ definitions, store, faults, ...timings, now })];
  const grpc = await startGrpcServer({ host, port, services });
  const stopCounting = run.onRequest((request) => sampler.note(request));
  const timer = setInterval(() => sampler.look(), timings.sampleMs);
  const close = async (): Promise<void> => {
    clearInterval(timer);
    stopCounting();
    await grpc.close();
  };
  return { grpc: { host, port: grpc.port }, faults, timings, close };
}
