import type { ServiceKey } from "./ids.ts";

/**
 * What `gantry.yaml` says, with every default filled in and every unit converted. A release keeps the one that it
 * began with (`configHash` names it), so a later edit of the file changes no running release.
 */
export type ReleaseConfig = Readonly<{
  service: ServiceIdentity;
  source: SourceConfig;
  build: BuildConfig;
  guardrails: Guardrails;
  runtime: RuntimeConfig;
  verify: VerifyConfig;
  approval: ApprovalConfig;
  rollout: RolloutConfig;
  warmup: WarmupConfig | null; // null = the service is not kept warm
  notify: Readonly<{ slack: string | null }>; // null = no channel
}>;

export type ServiceIdentity = Readonly<{ project: string; region: string; name: string }>;

/**
 * `repository` is `owner/name`; `tags` is a glob (`*` within one dotted part is enough for `v*.*.*`). `connection` is the full
 * name of the repository in a Cloud Build connection; without it Cloud Build clones by URL, which a private one does not let it.
 */
export type SourceConfig = Readonly<{
  repository: string;
  tags: string;
  directory: string;
  connection?: string;
}>;

/** `config` is a path in the repository below `source.directory`, or null for Gantry's own no-cache build file. */
export type BuildConfig = Readonly<{
  config: string | null;
  timeoutMs: number;
  repository: string | null; // where images are pushed; null = REGION-docker.pkg.dev/PROJECT/gantry
  substitutions: Readonly<Record<string, string>>;
}>;

/** Settings of the service that a release may not change; a null field is not guarded. */
export type Guardrails = Readonly<{
  gpu: Readonly<{ type: string; count: number }> | null;
  cpu: number | null; // vCPU
  memoryBytes: number | null;
  concurrency: number | null;
  instances: Readonly<{ min: number; max: number }> | null;
  timeoutMs: number | null;
  executionEnvironment: "gen1" | "gen2" | null;
  serviceAccount: string | null;
  ingress: "all" | "internal" | "internal-and-cloud-load-balancing" | null;
  secrets: Readonly<Record<string, string>> | null; // variable or file → `secret:version`; all that there are
  probes: Readonly<Record<"startup" | "liveness" | "readiness", ProbeGuard | null>> | null;
}>;

/** `none`, `tcp`, `grpc`, or `http /path`. */
export type ProbeGuard = string;

/** What a release sets on the template beside the image. `env` is merged by name; other variables stay. */
export type RuntimeConfig = Readonly<{
  env: Readonly<Record<string, string>>;
  port: number | null;
  serviceAccount: string | null;
}>;

export type VerifyConfig = Readonly<{
  withinMs: number; // the whole gate ends by then, pass or fail
  coldStart: Readonly<{ withinMs: number; expectMs: readonly [number, number] | null }> | null;
  memoryBelow: number | null; // share of the limit, 0..1
  gpu: "allocated" | null;
  startupLogs: "clean" | null; // null = not read
  checks: readonly HttpCheck[];
}>;

/** One request to the candidate and what its answer must be. */
export type HttpCheck = Readonly<{
  name: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";
  path: string; // starts with one slash; never a full URL
  headers: Readonly<Record<string, string>>;
  body: string | null;
  status: number;
  json: JsonValue | null; // a subset that the answer's JSON must contain
  answerHeaders: Readonly<Record<string, string>>; // exact values, names in lower case
  withinMs: number; // per try
  repeat: number; // consecutive passes that are asked for, 1-based
}>;

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | Readonly<{ [key: string]: JsonValue }>;

export type ApprovalConfig = Readonly<{
  required: boolean;
  from: readonly string[]; // user or group names; the operator's policy decides who they are
  count: number;
  authorMayApprove: boolean;
  expiresMs: number;
}>;

export type RolloutConfig = Readonly<{
  steps: readonly RolloutStep[]; // percents strictly rise; the last one is 100
  watch: WatchConfig;
  bakeMs: number;
  onFailure: "rollback" | "hold";
}>;

export type RolloutStep = Readonly<{ percent: number; holdMs: number }>;

/** Limits for candidate evidence while a step holds or bakes. Null = not judged. */
export type WatchConfig = Readonly<{
  everyMs: number; // between two probe rounds
  maxErrorShare: number; // 0..1
  latencyP95Ms: number | null;
  latencyIncrease: number | null; // 0.25 = a quarter above stable
}>;

export type WarmupConfig = Readonly<{
  days: readonly Weekday[];
  holidays: readonly string[]; // YYYY-MM-DD in zone; no window begins on them
  from: string; // HH:MM in zone
  to: string; // HH:MM in zone; before `from` = over midnight
  zone: string;
  leadMs: number; // so much earlier the service is made warm, to be warm when the window opens
  mode: "minInstances" | "ping";
  instances: number; // kept ready, with `minInstances`
  path: string; // asked, with `ping`; starts with one slash
  everyMs: number; // between two pings
}>;

export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/** The key that names a service everywhere: `project/region/name`. */
export function serviceKeyOf(service: ServiceIdentity): ServiceKey {
  return `${service.project}/${service.region}/${service.name}` as ServiceKey;
}

/** Where the images of a service are pushed, without the name of the image. */
export function imageRepositoryOf({
  build,
  service,
}: Readonly<{
  build: Pick<BuildConfig, "repository">;
  service: Pick<ServiceIdentity, "project" | "region">;
}>): string {
  return build.repository ?? `${service.region}-docker.pkg.dev/${service.project.replace(":", "/")}/gantry`;
}
