import { expect } from "chai";
import { DEFAULT_QUOTAS } from "./quotas.ts";
import { LATEST, REVISION, type RevisionTemplate, type ServiceSpec } from "./resources.ts";
import { validateService, validateServiceId } from "./service-validation.ts";

const container = { image: "v1" };
const ok: ServiceSpec = { template: { containers: [container] } };

function withTemplate(template: RevisionTemplate): ServiceSpec {
  return { template: { containers: [container], ...template } };
}

function withLimits(limits: Readonly<Record<string, string>>, more: RevisionTemplate = {}): ServiceSpec {
  return withTemplate({ ...more, containers: [{ ...container, resources: { limits } }] });
}

const gpuLimits = { cpu: "8", memory: "32Gi", "nvidia.com/gpu": "1" };
const noRedundancy = { gpuZonalRedundancyDisabled: true, scaling: { maxInstanceCount: 3 } };

type Case = readonly [what: string, spec: ServiceSpec, text: string | null];

const cases: readonly Case[] = [
  ["a plain service", ok, null],
  ["no template", {}, "template.containers: must have at least one container"],
  ["no image", { template: { containers: [{}] } }, "template.containers[0].image: must be specified"],
  [
    "a reserved variable",
    withTemplate({ containers: [{ ...container, env: [{ name: "PORT", value: "1" }] }] }),
    "The following reserved env names were provided: PORT.",
  ],
  [
    "a reserved label",
    { ...ok, labels: { "run.googleapis.com/x": "1" } },
    "system annotations are not supported",
  ],
  ["a label of the user", { ...ok, labels: { "gantry.dev/release": "1" } }, null],
  [
    "a concurrency over 1000",
    withTemplate({ maxInstanceRequestConcurrency: 1001 }),
    "must be between 0 and 1000",
  ],
  [
    "a timeout over an hour",
    withTemplate({ timeout: { seconds: "3601" } }),
    "maximum allowed time is one hour",
  ],
  [
    "a template minimum over its maximum",
    withTemplate({ scaling: { minInstanceCount: 3, maxInstanceCount: 2 } }),
    "must be greater than or equal to min_instance_count",
  ],
  [
    "a service minimum over its maximum",
    { ...ok, scaling: { minInstanceCount: 3, maxInstanceCount: 2 } },
    "must be greater than or equal to min_instance_count",
  ],
  [
    "a manual count in automatic mode",
    { ...ok, scaling: { manualInstanceCount: 1 } },
    "scaling mode must be set to MANUAL",
  ],
  [
    "a revision name of another service",
    withTemplate({ revision: "other-one" }),
    "must begin with the name of the service",
  ],
  [
    "too little memory for 8 CPU",
    withLimits({ cpu: "8", memory: "2Gi" }),
    "For 8.0 CPU, memory must be between 4Gi and 32Gi inclusive.",
  ],
  ["three CPUs", withLimits({ cpu: "3", memory: "4Gi" }), "must be one of 1, 2, 4, 6, 8"],
  ["memory that is no quantity", withLimits({ cpu: "1", memory: "lots" }), "must be a memory quantity"],
  [
    "a late startup probe",
    withTemplate({ containers: [{ ...container, startupProbe: { initialDelaySeconds: 241 } }] }),
    "must be between 0 and 240",
  ],
  [
    "a TCP readiness probe",
    withTemplate({ containers: [{ ...container, readinessProbe: { tcpSocket: {} } }] }),
    "does not support TCP socket in readiness probe",
  ],
  ["a GPU in order", withLimits(gpuLimits, noRedundancy), null],
  ["two GPUs", withLimits({ ...gpuLimits, "nvidia.com/gpu": "2" }, noRedundancy), "GPU can only be set to 1"],
  [
    "a GPU on a small machine",
    withLimits({ ...gpuLimits, cpu: "2", memory: "8Gi" }, noRedundancy),
    "CPU must be at least 4; memory must be at least 16Gi",
  ],
  [
    "a GPU with idle CPU",
    withTemplate({
      ...noRedundancy,
      containers: [{ ...container, resources: { limits: gpuLimits, cpuIdle: true } }],
    }),
    "must be disabled in order to set GPU requirements",
  ],
  [
    "a GPU in the first generation",
    withLimits(gpuLimits, { ...noRedundancy, executionEnvironment: "EXECUTION_ENVIRONMENT_GEN1" }),
    "Execution environment must be set to gen2 in order to set GPU",
  ],
  [
    "redundancy without a GPU",
    withTemplate({ gpuZonalRedundancyDisabled: true }),
    "must be set when GPU redundancy is set",
  ],
  [
    "more GPUs than the quota",
    withLimits(gpuLimits, { ...noRedundancy, scaling: { maxInstanceCount: 4 } }),
    "NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion requested: 4 allowed: 3",
  ],
  [
    "GPUs with zonal redundancy",
    withLimits(gpuLimits, { scaling: { maxInstanceCount: 1 } }),
    "NvidiaL4GpuAllocPerProjectRegion requested: 1 allowed: 0",
  ],
  [
    "more CPU than the quota",
    withLimits({ cpu: "8", memory: "8Gi" }, { scaling: { maxInstanceCount: 26 } }),
    "CpuAllocPerProjectRegion requested: 208000 allowed: 200000",
  ],
  [
    "a percent over 100",
    { ...ok, traffic: [{ type: LATEST, percent: 101 }] },
    "percent: must be a number between 0 and 100",
  ],
  ["a sum under 100", { ...ok, traffic: [{ type: LATEST, percent: 90 }] }, "should be 100"],
  [
    "a revision with LATEST",
    { ...ok, traffic: [{ type: LATEST, revision: "api-one", percent: 100 }] },
    "must be specified if and only if traffic type is",
  ],
  [
    "REVISION without one",
    { ...ok, traffic: [{ type: REVISION, percent: 100 }] },
    "must be specified if and only if traffic type is",
  ],
  [
    "the same tag twice",
    {
      ...ok,
      traffic: [
        { type: LATEST, percent: 100, tag: "a" },
        { type: LATEST, tag: "a" },
      ],
    },
    "may not contain a duplicate tag",
  ],
  [
    "a tag in capitals",
    { ...ok, traffic: [{ type: LATEST, percent: 100, tag: "V1" }] },
    "traffic[0].tag: must be lower case",
  ],
  [
    "a tag that makes the host name too long",
    { ...ok, traffic: [{ type: LATEST, percent: 100, tag: "a".repeat(60) }] },
    "too long for a host name",
  ],
];

describe("What Cloud Run refuses at once", () => {
  for (const [what, spec, text] of cases)
    it(`${text === null ? "accepts" : "refuses"} ${what}`, () => {
      const violations = validateService("api", spec, DEFAULT_QUOTAS);
      const found = violations.map(({ field, description }) => `${field}: ${description}`).join("\n");
      if (text === null) expect(found).to.equal("");
      else expect(found).to.contain(text);
    });

  for (const [id, isValid] of [
    ["api", true],
    ["a".repeat(49), true],
    ["a".repeat(50), false],
    ["Api", false],
    ["1api", false],
    ["api-", false],
    ["", false],
  ] as const)
    it(`${isValid ? "accepts" : "refuses"} the service id '${id}'`, () => {
      expect(validateServiceId(id).length === 0).to.equal(isValid);
    });
});
