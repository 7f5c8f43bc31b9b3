import type { ReleaseId, RevisionName } from "../../domain/ids.ts";
import type { Guardrails } from "../../domain/release-config.ts";
import {
  candidateTemplate,
  type IContainer,
  type ITemplate,
  type TemplateChange,
} from "./candidate-template.ts";
import { probeShape } from "./probe-settings.ts";
import { secretShape } from "./secret-uses.ts";
import type { IService } from "./service-snapshot.ts";

/** The label on a service that says which release made it. */
export const createdByLabel = "gantry-created-by";

const environments = { gen1: "EXECUTION_ENVIRONMENT_GEN1", gen2: "EXECUTION_ENVIRONMENT_GEN2" } as const;

const ingresses = {
  all: "INGRESS_TRAFFIC_ALL",
  internal: "INGRESS_TRAFFIC_INTERNAL_ONLY",
  "internal-and-cloud-load-balancing": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
} as const;

const gib = 1024 ** 3;
const mib = 1024 ** 2;

/** The template of a service that does not exist yet, shaped by its guard rails. */
export function firstTemplate(guardrails: Guardrails, change: TemplateChange): ITemplate {
  return candidateTemplate(shapeOf(guardrails), change);
}

/**
 * The body of CreateService, without a name: the API composes it and refuses one that is given. All traffic goes to the latest
 * ready revision, for at creation there is no other.
 */
export function firstService({
  template,
  revision,
  tag,
  guardrails,
  releaseId,
}: Readonly<{
  template: ITemplate;
  revision: RevisionName | null; // null = Cloud Run names it
  tag: string;
  guardrails: Guardrails;
  releaseId: ReleaseId;
}>): IService {
  const minInstances = guardrails.instances?.min ?? 0;
  return {
    labels: { [createdByLabel]: releaseId },
    template: { ...template, revision: revision ?? "" },
    traffic: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100, tag }],
    ...(guardrails.ingress === null ? {} : { ingress: ingresses[guardrails.ingress] }),
    // On the service, not on the revision: a revision's own minimum runs for as long as any tag leads to it.
    ...(minInstances > 0 ? { scaling: { minInstanceCount: minInstances } } : {}),
  };
}

function shapeOf(guardrails: Guardrails): ITemplate {
  const { gpu, concurrency, instances, timeoutMs, executionEnvironment, serviceAccount } = guardrails;
  const secrets = secretShape(guardrails.secrets ?? {});
  return {
    containers: [{ ...containerShape(guardrails), ...secrets.container, ...probeShape(guardrails) }],
    ...(secrets.volumes.length === 0 ? {} : { volumes: [...secrets.volumes] }),
    ...(serviceAccount === null ? {} : { serviceAccount }),
    ...(executionEnvironment === null ? {} : { executionEnvironment: environments[executionEnvironment] }),
    ...(concurrency === null ? {} : { maxInstanceRequestConcurrency: concurrency }),
    ...(instances === null ? {} : { scaling: { maxInstanceCount: instances.max } }),
    ...(timeoutMs === null ? {} : { timeout: { seconds: String(Math.ceil(timeoutMs / 1000)), nanos: 0 } }),
    ...(gpu === null ? {} : gpuShape(gpu.type)),
  };
}

/** A GPU needs gen2; with zonal redundancy, the default, it would draw on a quota that often is 0 (Cloud Run, "GPU"). */
function gpuShape(type: string): ITemplate {
  return {
    nodeSelector: { accelerator: type },
    executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
    gpuZonalRedundancyDisabled: true,
  };
}

/** Resources that leave `cpuIdle` out mean false, which is billed for an instance's whole life: only a GPU needs that. */
function containerShape({ cpu, memoryBytes, gpu }: Guardrails): IContainer {
  const limits: Record<string, string> = {
    ...(cpu === null ? {} : { cpu: String(cpu) }),
    ...(memoryBytes === null ? {} : { memory: quantityOf(memoryBytes) }),
    ...(gpu === null ? {} : { "nvidia.com/gpu": String(gpu.count) }),
  };
  return Object.keys(limits).length === 0 ? {} : { resources: { limits, cpuIdle: gpu === null } };
}

/** Bytes in the largest unit that holds them whole, as Kubernetes writes quantities. */
function quantityOf(bytes: number): string {
  if (bytes % gib === 0) return `${bytes / gib}Gi`;
  return bytes % mib === 0 ? `${bytes / mib}Mi` : String(bytes);
}
