import type { FieldViolation } from "../../grpc/rpc-error.ts";
import { validateGpu } from "./gpu-validation.ts";
import { validateProbes } from "./probe-validation.ts";
import { parseCpuMilli, parseMemoryMib } from "./quotas.ts";
import type { Container, RevisionTemplate, StringMap } from "./resources.ts";

const RESERVED_ENV: readonly string[] = ["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"];

const SYSTEM_NAMESPACE =
  /^(?:[^/]*\.)?(?:run\.googleapis\.com|cloud\.googleapis\.com|serving\.knative\.dev|autoscaling\.knative\.dev)\//;

const MAX_ENV_VARS = 1000;
const MAX_CONCURRENCY = 1000;
const MAX_TIMEOUT_SECONDS = 3600;
const MAX_REVISION_NAME = 63;
const REVISION_NAME = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;

/** The memory in MiB that goes with a number of whole CPUs. */
const MEMORY_FOR_CPU: Readonly<Record<number, readonly [number, number]>> = {
  1: [128, 4 * 1024],
  2: [128, 8 * 1024],
  4: [2 * 1024, 16 * 1024],
  6: [4 * 1024, 24 * 1024],
  8: [4 * 1024, 32 * 1024],
};

/** The texts for labels and annotations that belong to the system. */
export function validateMetadata(field: string, map: StringMap | undefined): readonly FieldViolation[] {
  return Object.keys(map ?? {})
    .filter((key) => SYSTEM_NAMESPACE.test(key))
    .map((key) => ({ field: `${field}[${key}]`, description: "system annotations are not supported" }));
}

function envViolations(container: Container, field: string): FieldViolation[] {
  const names = (container.env ?? []).map(({ name }) => name ?? "");
  const violations: FieldViolation[] = [];
  const reserved = names.filter((name) => RESERVED_ENV.includes(name));
  if (reserved.length > 0)
    violations.push({
      field: `${field}.env`,
      description: `The following reserved env names were provided: ${reserved.join(", ")}. These values are automatically set by the system.`,
    });
  if (names.includes("")) violations.push({ field: `${field}.env.name`, description: "must be specified" });
  if (names.length > MAX_ENV_VARS)
    violations.push({
      field: `${field}.env`,
      description: `must not have more than ${MAX_ENV_VARS} entries`,
    });
  return violations;
}

function memoryViolation(cpuMilli: number, memoryMib: number, field: string): FieldViolation[] {
  const [least, most] = MEMORY_FOR_CPU[Math.ceil(cpuMilli / 1000)] ?? [0, Number.POSITIVE_INFINITY];
  if (memoryMib >= least && memoryMib <= most) return [];
  const size = (mib: number): string => (mib % 1024 === 0 ? `${mib / 1024}Gi` : `${mib}Mi`);
  const description = `Invalid value specified for container memory. For ${(cpuMilli / 1000).toFixed(1)} CPU, memory must be between ${size(least)} and ${size(most)} inclusive.`;
  return [{ field: `${field}.memory`, description }];
}

function resourceViolations(container: Container, containerField: string): FieldViolation[] {
  const field = `${containerField}.resources.limits`;
  const limits = container.resources?.limits ?? {};
  const cpu = parseCpuMilli(limits["cpu"] ?? "1");
  const memory = parseMemoryMib(limits["memory"] ?? "512Mi");
  if (Number.isNaN(memory)) return [{ field: `${field}.memory`, description: "must be a memory quantity" }];
  const isWhole = [1000, 2000, 4000, 6000, 8000].includes(cpu);
  if (!isWhole && !(cpu >= 80 && cpu <= 1000))
    return [{ field: `${field}.cpu`, description: "must be one of 1, 2, 4, 6, 8 or between 0.08 and 1" }];
  return memoryViolation(cpu, memory, field);
}

function containerViolations(container: Container, index: number): FieldViolation[] {
  const field = `template.containers[${index}]`;
  const image = container.image ? [] : [{ field: `${field}.image`, description: "must be specified" }];
  return [
    ...image,
    ...envViolations(container, field),
    ...resourceViolations(container, field),
    ...validateProbes(container, field),
  ];
}

function limitViolations(template: RevisionTemplate): FieldViolation[] {
  const violations: FieldViolation[] = [];
  const concurrency = template.maxInstanceRequestConcurrency ?? 0;
  if (concurrency < 0 || concurrency > MAX_CONCURRENCY)
    violations.push({
      field: "template.max_instance_request_concurrency",
      description: `must be between 0 and ${MAX_CONCURRENCY}`,
    });
  const seconds = Number(template.timeout?.seconds ?? 0);
  if (seconds < 0 || seconds > MAX_TIMEOUT_SECONDS)
    violations.push({ field: "template.timeout", description: "maximum allowed time is one hour" });
  const { minInstanceCount: min = 0, maxInstanceCount: max = 0 } = template.scaling ?? {};
  if (max > 0 && min > max)
    violations.push({
      field: "template.scaling.max_instance_count",
      description: "must be greater than or equal to min_instance_count",
    });
  return violations;
}

function nameViolations(service: string, name: string): FieldViolation[] {
  if (name === "") return [];
  const field = "template.revision";
  if (!name.startsWith(`${service}-`))
    return [{ field, description: `must begin with the name of the service and a hyphen: '${service}-'` }];
  if (REVISION_NAME.test(name) && name.length <= MAX_REVISION_NAME) return [];
  return [{ field, description: "must be a DNS label of at most 63 characters" }];
}

/** Everything that is wrong with a template by itself; quotas are checked apart. */
export function validateTemplate(
  service: string,
  template: RevisionTemplate | undefined,
): readonly FieldViolation[] {
  const containers = template?.containers ?? [];
  if (template === undefined || containers.length === 0)
    return [{ field: "template.containers", description: "must have at least one container" }];
  return [
    ...nameViolations(service, template.revision ?? ""),
    ...containers.flatMap(containerViolations),
    ...limitViolations(template),
    ...validateGpu(template),
    ...validateMetadata("template.labels", template.labels),
    ...validateMetadata("template.annotations", template.annotations),
  ];
}
