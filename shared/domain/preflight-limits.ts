import type { Finding, FindingCode } from "./finding.ts";
import { sizeWords } from "./guardrails.ts";
import type { ReleaseConfig } from "./release-config.ts";
import type { ServiceSettings } from "./service-settings.ts";

const gib = 2 ** 30;
const mib = 2 ** 20;

/** The memory that goes with so many vCPU (Cloud Run, "Configure memory limits"). */
const memoryForCpu: readonly (readonly [cpu: number, least: number, most: number])[] = [
  [1, 128 * mib, 4 * gib],
  [2, 128 * mib, 8 * gib],
  [4, 2 * gib, 16 * gib],
  [6, 4 * gib, 24 * gib],
  [8, 4 * gib, 32 * gib],
];

/** The shape that the candidate will have, as far as it is known. */
type Shape = Readonly<{
  gpu: Readonly<{ type: string; count: number }> | null;
  zonalRedundancy: boolean;
  cpu: number | null;
  memoryBytes: number | null;
  cpuAlwaysAllocated: boolean;
  executionEnvironment: "gen1" | "gen2" | null;
  revisionMin: number;
}>;

/** What Cloud Run would refuse of the candidate's shape, or take at a price. */
export function limitFindings(config: ReleaseConfig, settings: ServiceSettings | null): readonly Finding[] {
  const shape = settings === null ? firstShape(config) : shapeOf(settings);
  return [
    ...memoryFinding(config, shape),
    ...gpuFindings(config, shape),
    ...redundancyFinding(config, shape),
    ...minimumFinding(config, shape),
  ];
}

function shapeOf({ template }: ServiceSettings): Shape {
  return { ...template, revisionMin: template.instances.min };
}

/** A first deploy is shaped by its guard rails; for a GPU, Gantry turns redundancy and throttling off. */
function firstShape({ guardrails }: ReleaseConfig): Shape {
  const { gpu, cpu, memoryBytes, executionEnvironment } = guardrails;
  return {
    gpu,
    cpu,
    memoryBytes,
    zonalRedundancy: false,
    cpuAlwaysAllocated: gpu !== null,
    executionEnvironment: executionEnvironment ?? (gpu === null ? null : "gen2"),
    revisionMin: 0,
  };
}

function update({ service }: ReleaseConfig, flags: string): string {
  const { name, region, project } = service;
  return `gcloud run services update ${name} ${flags} --no-traffic --region=${region} --project=${project}`;
}

function memoryFinding(config: ReleaseConfig, { cpu, memoryBytes }: Shape): readonly Finding[] {
  if (cpu === null || memoryBytes === null) return [];
  const [, least = 0, most = Number.POSITIVE_INFINITY] = memoryForCpu.find(([upTo]) => cpu <= upTo) ?? [];
  if (memoryBytes >= least && memoryBytes <= most) return [];
  return [
    {
      severity: "stops",
      code: "memory-for-cpu",
      message: `${sizeWords(memoryBytes)} of memory does not go with ${cpu} vCPU: Cloud Run takes ${sizeWords(least)} to ${sizeWords(most)}.`,
      next: update(config, "--cpu=N --memory=SIZE"),
    },
  ];
}

function gpuFindings(config: ReleaseConfig, shape: Shape): readonly Finding[] {
  const { gpu, cpu, memoryBytes, cpuAlwaysAllocated, executionEnvironment } = shape;
  if (gpu === null) return [];
  const needs: readonly (readonly [boolean, string, string])[] = [
    [gpu.count !== 1, `an instance has one GPU, not ${gpu.count}`, "--gpu=1"],
    [(cpu ?? 1) < 4, `a GPU needs at least 4 vCPU, not ${cpu ?? 1}`, "--cpu=4"],
    [
      (memoryBytes ?? 0) < 16 * gib,
      `a GPU needs at least 16Gi of memory, not ${sizeWords(memoryBytes ?? 512 * mib)}`,
      "--memory=16Gi",
    ],
    [!cpuAlwaysAllocated, "a GPU needs CPU that is always allocated", "--no-cpu-throttling"],
    [executionEnvironment === "gen1", "a GPU needs the second generation", "--execution-environment=gen2"],
  ];
  return needs
    .filter(([isUnmet]) => isUnmet)
    .map(([, why, flag]) =>
      finding("stops", "gpu-shape", `Cloud Run refuses it: ${why}.`, update(config, flag)),
    );
}

function redundancyFinding(config: ReleaseConfig, { gpu, zonalRedundancy }: Shape): readonly Finding[] {
  if (gpu === null || !zonalRedundancy) return [];
  const message =
    "GPU zonal redundancy is on, which is Cloud Run's default: it draws on a quota of its own, which often is 0, and costs more.";
  return [finding("warns", "gpu-zonal-redundancy", message, update(config, "--no-gpu-zonal-redundancy"))];
}

/** A revision's own minimum runs while any tag leads to it (Cloud Run, "Minimum instances"). */
function minimumFinding(config: ReleaseConfig, { revisionMin }: Shape): readonly Finding[] {
  if (revisionMin === 0) return [];
  const message = `The template asks for ${revisionMin} instance(s) at least of every revision, so the candidate runs and costs as much from its first moment, and as long as it has a tag. Set the minimum on the service instead.`;
  const next = update(config, `--min-instances=0 --min=${revisionMin}`);
  return [finding("warns", "revision-minimum", message, next)];
}

function finding(severity: Finding["severity"], code: FindingCode, message: string, next: string): Finding {
  return { severity, code, message, next };
}
