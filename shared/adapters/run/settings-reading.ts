import { createHash } from "node:crypto";
import type { protos } from "@google-cloud/run";
import type {
  NetworkSettings,
  RevisionSettings,
  ServiceLevelSettings,
  ServiceSettings,
} from "../../domain/service-settings.ts";
import { type IContainer, type ITemplate, servingContainer } from "./candidate-template.ts";
import { probeOf } from "./probe-settings.ts";
import { secretsOf } from "./secret-uses.ts";
import type { IRevision, IService } from "./service-snapshot.ts";

type IDuration = protos.google.protobuf.IDuration;
type Shape = Pick<
  ITemplate,
  | "containers"
  | "volumes"
  | "scaling"
  | "nodeSelector"
  | "gpuZonalRedundancyDisabled"
  | "maxInstanceRequestConcurrency"
  | "timeout"
  | "executionEnvironment"
  | "serviceAccount"
  | "vpcAccess"
>;

const gpuLimit = "nvidia.com/gpu";

/** The API's enums come as names from a plain call and as numbers from an operation's result. */
const environments: Readonly<Record<string | number, RevisionSettings["executionEnvironment"]>> = {
  1: "gen1",
  EXECUTION_ENVIRONMENT_GEN1: "gen1",
  2: "gen2",
  EXECUTION_ENVIRONMENT_GEN2: "gen2",
};

const ingresses: Readonly<Record<string | number, ServiceLevelSettings["ingress"]>> = {
  1: "all",
  INGRESS_TRAFFIC_ALL: "all",
  2: "internal",
  INGRESS_TRAFFIC_INTERNAL_ONLY: "internal",
  3: "internal-and-cloud-load-balancing",
  INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER: "internal-and-cloud-load-balancing",
};

/** The settings of a service, as its template and the service itself tell them. */
export function serviceSettingsOf(raw: IService): ServiceSettings {
  return { template: revisionSettingsOf(raw.template ?? {}), service: serviceLevelOf(raw) };
}

/** The settings of a template or a revision: both tell them in the same fields. */
export function revisionSettingsOf(raw: Shape | IRevision): RevisionSettings {
  const container = servingContainer(raw.containers ?? []) ?? {};
  const limits = container.resources?.limits ?? {};
  return {
    image: container.image ?? "",
    ...gpuOf(raw, limits),
    cpu: limits["cpu"] ? cpuOf(limits["cpu"]) : null,
    memoryBytes: limits["memory"] ? bytesOf(limits["memory"]) : null,
    ...billingOf(container),
    concurrency: raw.maxInstanceRequestConcurrency || null,
    instances: { min: raw.scaling?.minInstanceCount ?? 0, max: raw.scaling?.maxInstanceCount || null },
    timeoutMs: millisecondsOf(raw.timeout),
    executionEnvironment: environments[raw.executionEnvironment ?? ""] ?? null,
    serviceAccount: raw.serviceAccount || null,
    port: container.ports?.[0]?.containerPort || null,
    env: variablesOf(container),
    secrets: secretsOf(container, raw.volumes ?? []),
    probes: {
      startup: probeOf(container.startupProbe),
      liveness: probeOf(container.livenessProbe),
      readiness: probeOf(container.readinessProbe),
    },
    network: networkOf(raw),
    sidecars: sidecarsOf(raw.containers ?? [], container),
  };
}

function gpuOf(
  { nodeSelector, gpuZonalRedundancyDisabled }: Shape | IRevision,
  limits: Readonly<Record<string, string>>,
): Pick<RevisionSettings, "gpu" | "zonalRedundancy"> {
  const count = Number(limits[gpuLimit] ?? 0);
  const type = nodeSelector?.accelerator || "unknown";
  return { gpu: count > 0 ? { type, count } : null, zonalRedundancy: gpuZonalRedundancyDisabled !== true };
}

/** Without `resources` the CPU is throttled between requests; with them `cpu_idle` false means it is not (k8s.min.proto). */
function billingOf({
  resources,
}: IContainer): Pick<RevisionSettings, "cpuAlwaysAllocated" | "startupCpuBoost"> {
  return {
    cpuAlwaysAllocated: resources !== null && resources !== undefined && resources.cpuIdle !== true,
    startupCpuBoost: resources?.startupCpuBoost === true,
  };
}

function variablesOf({ env }: IContainer): RevisionSettings["env"] {
  const plain = (env ?? []).filter(({ valueSource }) => !valueSource?.secretKeyRef);
  return plain
    .map(({ name, value }) => ({ name: name ?? "", digest: digestOf(value ?? "") }))
    .sort((left, right) => compare(left.name, right.name));
}

function digestOf(value: string): string {
  return createHash("sha256").update(value).digest("hex").slice(0, 16);
}

function networkOf({ vpcAccess }: Shape | IRevision): NetworkSettings | null {
  const { connector, egress, networkInterfaces } = vpcAccess ?? {};
  const interfaces = (networkInterfaces ?? []).map(
    ({ network, subnetwork }) => `${network ?? ""}/${subnetwork ?? ""}`,
  );
  if (!connector && interfaces.length === 0) return null;
  return { connector: connector || null, egress: egress ? String(egress) : null, interfaces };
}

function sidecarsOf(all: readonly IContainer[], serving: IContainer): RevisionSettings["sidecars"] {
  return all
    .filter((container) => container !== serving)
    .map(({ name, image }) => ({ name: name ?? "", image: image ?? "" }))
    .sort((left, right) => compare(left.name, right.name));
}

function serviceLevelOf({ scaling, ingress }: IService): ServiceLevelSettings {
  return {
    instances: { min: scaling?.minInstanceCount || null, max: scaling?.maxInstanceCount || null },
    manualInstances: scaling?.manualInstanceCount ?? null,
    ingress: ingresses[ingress ?? ""] ?? null,
  };
}

/** `8` is 8 vCPU, `1000m` is one; 0 when it is neither. */
function cpuOf(quantity: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(m?)$/.exec(quantity) ?? [];
  return Number(amount ?? 0) / (unit === "m" ? 1000 : 1);
}

const unitBytes: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A Kubernetes quantity in bytes; 0 when it is none. */
function bytesOf(quantity: string): number {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|k|M|G|T|)$/.exec(quantity) ?? [];
  return Number(amount ?? 0) * (unitBytes[unit] ?? 0);
}

function millisecondsOf(duration: IDuration | null | undefined): number | null {
  if (!duration) return null;
  return Number(String(duration.seconds ?? 0)) * 1000 + (duration.nanos ?? 0) / 1_000_000;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
