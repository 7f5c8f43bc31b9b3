import type { FieldViolation } from "../../grpc/rpc-error.ts";
import { parseCpuMilli, parseMemoryMib, type RegionQuotas } from "./quotas.ts";
import type { RevisionTemplate } from "./resources.ts";
import { ingressContainer } from "./template.ts";

const GPU_LIMIT = "nvidia.com/gpu";
const MIN_GPU_CPU_MILLI = 4000;
const MIN_GPU_MEMORY_MIB = 16 * 1024;

const LIMITS_FIELD = "template.containers[0].resources.limits";

function shapeViolations(template: RevisionTemplate): FieldViolation[] {
  const { resources } = ingressContainer(template);
  const limits = resources?.limits ?? {};
  const violations: FieldViolation[] = [];
  if (limits[GPU_LIMIT] !== "1")
    violations.push({ field: LIMITS_FIELD, description: "GPU can only be set to 1" });
  const cpu = parseCpuMilli(limits["cpu"] ?? "1");
  const memory = parseMemoryMib(limits["memory"] ?? "512Mi");
  if (cpu < MIN_GPU_CPU_MILLI || memory < MIN_GPU_MEMORY_MIB)
    violations.push({
      field: LIMITS_FIELD,
      description: "CPU must be at least 4; memory must be at least 16Gi",
    });
  if (resources?.cpuIdle)
    violations.push({
      field: "template.containers[0].resources.cpu_idle",
      description: "CPU idle must be disabled in order to set GPU requirements",
    });
  if (template.executionEnvironment === "EXECUTION_ENVIRONMENT_GEN1")
    violations.push({
      field: "template.execution_environment",
      description: "Execution environment must be set to gen2 in order to set GPU",
    });
  return violations;
}

/** What is wrong with the GPU of a template, whatever the quota. */
export function validateGpu(template: RevisionTemplate): readonly FieldViolation[] {
  const limit = ingressContainer(template).resources?.limits?.[GPU_LIMIT];
  if (limit !== undefined) return shapeViolations(template);
  if (template.gpuZonalRedundancyDisabled === undefined && template.nodeSelector?.accelerator === undefined)
    return [];
  return [{ field: LIMITS_FIELD, description: `${GPU_LIMIT} must be set when GPU redundancy is set` }];
}

/** The GPU quota, held against the most instances that the service may have. */
export function gpuQuotaViolations(
  template: RevisionTemplate,
  maxInstances: number,
  quotas: RegionQuotas,
): readonly FieldViolation[] {
  const gpus = Number(ingressContainer(template).resources?.limits?.[GPU_LIMIT] ?? 0);
  const isZonal = template.gpuZonalRedundancyDisabled !== true;
  const allowed = isZonal ? quotas.gpusWithZonalRedundancy : quotas.gpus;
  const requested = gpus * maxInstances;
  if (requested <= allowed) return [];
  const name = isZonal
    ? "NvidiaL4GpuAllocPerProjectRegion"
    : "NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion";
  const description = [
    `Max instances must be set to ${Math.floor(allowed / gpus)} or fewer in order to set GPU requirements.`,
    "To request quota: g.co/cloudrun/gpu-quota",
    "Quota violated:",
    `${name} requested: ${requested} allowed: ${allowed}`,
  ].join("\n");
  return [{ field: "scaling.max_instance_count", description }];
}
