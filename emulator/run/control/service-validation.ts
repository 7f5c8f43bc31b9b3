import type { FieldViolation } from "../../grpc/rpc-error.ts";
import { gpuQuotaViolations } from "./gpu-validation.ts";
import { parseCpuMilli, parseMemoryMib, type RegionQuotas } from "./quotas.ts";
import type { RevisionTemplate, ServiceScaling, ServiceSpec } from "./resources.ts";
import { ingressContainer, maxInstancesOf } from "./template.ts";
import { validateMetadata, validateTemplate } from "./template-validation.ts";
import { validateTraffic } from "./traffic-validation.ts";

const SERVICE_ID = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
const MAX_SERVICE_ID = 49;

/** A service id begins with a letter, does not end with a hyphen, and has fewer than 50 characters. */
export function validateServiceId(id: string): readonly FieldViolation[] {
  if (SERVICE_ID.test(id) && id.length <= MAX_SERVICE_ID) return [];
  const description =
    "must use only lower case letters, digits and hyphens, begin with a letter, not end with a hyphen, and have fewer than 50 characters";
  return [{ field: "service_id", description }];
}

function scalingViolations(scaling: ServiceScaling | undefined): FieldViolation[] {
  if (scaling === undefined) return [];
  const violations: FieldViolation[] = [];
  const { minInstanceCount: min = 0, maxInstanceCount: max = 0 } = scaling;
  if (max > 0 && min > max)
    violations.push({
      field: "scaling.max_instance_count",
      description: "must be greater than or equal to min_instance_count",
    });
  if (scaling.manualInstanceCount !== undefined && scaling.scalingMode !== "MANUAL")
    violations.push({
      field: "scaling.manual_instance_count",
      description: "scaling mode must be set to MANUAL",
    });
  return violations;
}

type ComputeQuota = Readonly<{ name: string; noun: string; each: number; allowed: number }>;

function computeViolations(
  template: RevisionTemplate,
  maxInstances: number,
  quotas: RegionQuotas,
): FieldViolation[] {
  const limits = ingressContainer(template).resources?.limits ?? {};
  const kinds: readonly ComputeQuota[] = [
    {
      name: "CpuAllocPerProjectRegion",
      noun: "CPU",
      each: parseCpuMilli(limits["cpu"] ?? "1"),
      allowed: quotas.cpuMilli,
    },
    {
      name: "MemAllocPerProjectRegion",
      noun: "memory",
      each: parseMemoryMib(limits["memory"] ?? "512Mi"),
      allowed: quotas.memoryMib,
    },
  ];
  return kinds.flatMap(({ name, noun, each, allowed }) => {
    const requested = each * maxInstances;
    if (requested <= allowed) return [];
    const description = [
      `Max instances must be set to ${Math.floor(allowed / each)} or fewer to set the requested total ${noun}.`,
      "Quota violated:",
      `${name} requested: ${requested} allowed: ${allowed}`,
    ].join("\n");
    return [{ field: "scaling.max_instance_count", description }];
  });
}

function quotaViolations(spec: ServiceSpec, quotas: RegionQuotas): readonly FieldViolation[] {
  const { template } = spec;
  if (template === undefined) return [];
  const maxInstances = spec.scaling?.maxInstanceCount || maxInstancesOf(template);
  return [
    ...gpuQuotaViolations(template, maxInstances, quotas),
    ...computeViolations(template, maxInstances, quotas),
  ];
}

/** Everything that Cloud Run refuses at once (INVALID_ARGUMENT); quotas are looked at only when the rest is in order. */
export function validateService(
  service: string,
  spec: ServiceSpec,
  quotas: RegionQuotas,
): readonly FieldViolation[] {
  const violations = [
    ...validateTemplate(service, spec.template),
    ...validateTraffic(service, spec.traffic ?? []),
    ...scalingViolations(spec.scaling),
    ...validateMetadata("labels", spec.labels),
    ...validateMetadata("annotations", spec.annotations),
  ];
  return violations.length > 0 ? violations : quotaViolations(spec, quotas);
}
