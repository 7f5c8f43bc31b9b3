/** How a revision is checked: how often, how long, and what is asked. */
export type ProbeSettings = Readonly<{
  kind: "tcp" | "http" | "grpc";
  path: string | null; // of an HTTP probe
  port: number | null; // null = the container's own
  initialDelayMs: number;
  periodMs: number;
  timeoutMs: number; // of one try
  failureThreshold: number; // tries, 1-based
}>;

/** One secret that a container sees, under a variable or as files below a path; never its value. */
export type SecretUse = Readonly<{
  as: "env" | "mount";
  at: string; // name of the variable, or the path
  secret: string;
  version: string; // a number or `latest`
}>;

/** A variable by name. The value is known by a digest alone: it may be private, and only a change of it matters. */
export type VariableDigest = Readonly<{ name: string; digest: string }>;

/** How the serving network is reached from the container; null parts are not set. */
export type NetworkSettings = Readonly<{
  connector: string | null;
  egress: string | null;
  interfaces: readonly string[]; // `network/subnetwork`
}>;

/** What one revision runs with. The serving container's where it is the container's. */
export type RevisionSettings = Readonly<{
  image: string; // as deployed, by digest or by tag
  gpu: Readonly<{ type: string; count: number }> | null;
  zonalRedundancy: boolean; // of the GPU; Cloud Run's default is true
  cpu: number | null; // vCPU; null = Cloud Run's default
  memoryBytes: number | null; // null = Cloud Run's default
  cpuAlwaysAllocated: boolean; // billed for the instance's whole life
  startupCpuBoost: boolean;
  concurrency: number | null; // null = Cloud Run's default
  instances: Readonly<{ min: number; max: number | null }>; // of this revision; null = Cloud Run's default
  timeoutMs: number | null; // of one request
  executionEnvironment: "gen1" | "gen2" | null; // null = Cloud Run chooses
  serviceAccount: string | null; // null = the project's default
  port: number | null;
  env: readonly VariableDigest[]; // by name, without those from secrets
  secrets: readonly SecretUse[]; // by place
  probes: Readonly<Record<ProbeName, ProbeSettings | null>>; // null = none set
  network: NetworkSettings | null;
  sidecars: readonly Readonly<{ name: string; image: string }>[]; // by name
}>;

export const probeNames = ["startup", "liveness", "readiness"] as const;

export type ProbeName = (typeof probeNames)[number];

/** What belongs to the service and not to one revision: a change makes no new revision. */
export type ServiceLevelSettings = Readonly<{
  instances: Readonly<{ min: number | null; max: number | null }>; // null = not set on the service
  manualInstances: number | null; // null = Cloud Run scales by itself
  ingress: "all" | "internal" | "internal-and-cloud-load-balancing" | null; // null = not told
}>;

/** A service as it stands: the template of its next revision, and what belongs to the service. */
export type ServiceSettings = Readonly<{ template: RevisionSettings; service: ServiceLevelSettings }>;

/** The most that a probe may take before it gives up: the container has this long to start. */
export function startupBudgetMs({ initialDelayMs, periodMs, failureThreshold }: ProbeSettings): number {
  return initialDelayMs + periodMs * failureThreshold;
}
