/** Labels, annotations and resource limits: string maps of the API. */
export type StringMap = Readonly<Record<string, string>>;

type Duration = Readonly<{ seconds?: string; nanos?: number }>;

type EnvVar = Readonly<{
  name?: string;
  value?: string;
  valueSource?: Readonly<{ secretKeyRef?: Readonly<{ secret?: string; version?: string }> }>;
}>;

export type Probe = Readonly<{
  initialDelaySeconds?: number;
  timeoutSeconds?: number;
  periodSeconds?: number;
  failureThreshold?: number;
  httpGet?: Readonly<{
    path?: string;
    port?: number;
    httpHeaders?: readonly Readonly<{ name?: string; value?: string }>[];
  }>;
  tcpSocket?: Readonly<{ port?: number }>;
  grpc?: Readonly<{ port?: number; service?: string }>;
}>;

type Resources = Readonly<{ limits?: StringMap; cpuIdle?: boolean; startupCpuBoost?: boolean }>;

export type Container = Readonly<{
  name?: string;
  image?: string;
  command?: readonly string[];
  args?: readonly string[];
  env?: readonly EnvVar[];
  resources?: Resources;
  ports?: readonly Readonly<{ name?: string; containerPort?: number }>[];
  workingDir?: string;
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
}>;

/** `google.cloud.run.v2.RevisionTemplate`; fields that are not named here are kept and echoed all the same. */
export type RevisionTemplate = Readonly<{
  revision?: string;
  labels?: StringMap;
  annotations?: StringMap;
  scaling?: Readonly<{ minInstanceCount?: number; maxInstanceCount?: number }>;
  timeout?: Duration;
  serviceAccount?: string;
  containers?: readonly Container[];
  executionEnvironment?: string;
  maxInstanceRequestConcurrency?: number;
  healthCheckDisabled?: boolean;
  nodeSelector?: Readonly<{ accelerator?: string }>;
  gpuZonalRedundancyDisabled?: boolean;
}>;

export type TrafficTarget = Readonly<{ type?: string; revision?: string; percent?: number; tag?: string }>;

export type ServiceScaling = Readonly<{
  minInstanceCount?: number;
  maxInstanceCount?: number;
  scalingMode?: string;
  manualInstanceCount?: number;
}>;

/** What a client may set on `google.cloud.run.v2.Service`. */
export type ServiceSpec = Readonly<{
  labels?: StringMap;
  annotations?: StringMap;
  template?: RevisionTemplate;
  traffic?: readonly TrafficTarget[];
  scaling?: ServiceScaling;
  defaultUriDisabled?: boolean;
}>;

/** A service as a client sends it. */
export type ServiceBody = ServiceSpec & Readonly<{ name?: string; etag?: string }>;

export const LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST";
export const REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION";

/** The fields of a service that belong to its user; all others are the server's. */
export const MUTABLE_FIELDS = [
  "description",
  "labels",
  "annotations",
  "client",
  "clientVersion",
  "ingress",
  "launchStage",
  "binaryAuthorization",
  "template",
  "traffic",
  "scaling",
  "invokerIamDisabled",
  "defaultUriDisabled",
  "iapEnabled",
  "multiRegionSettings",
  "customAudiences",
  "threatDetectionEnabled",
  "buildConfig",
] as const;
