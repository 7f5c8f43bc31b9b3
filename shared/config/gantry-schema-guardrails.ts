import { z } from "zod";
import type { Guardrails, RuntimeConfig } from "../domain/release-config.ts";
import { serviceAccountField, textOf } from "./names.ts";
import { type Complaint, section } from "./section.ts";
import { durationField, sizeField } from "./units.ts";

const hour = 3_600_000;
const gibibyte = 2 ** 30;

const gpuField = section({
  type: textOf(/^[a-z0-9-]{3,63}$/, "a GPU type like `nvidia-l4`").describe(
    "The type of GPU, such as `nvidia-l4`.",
  ),
  count: z.int().min(1).max(8).default(1).describe("How many GPUs an instance has."),
});

const instancesField = section(
  {
    min: z.int().min(0).max(1000).default(0).describe("Instances that are always kept."),
    max: z.int().min(1).max(1000).describe("The most instances that run at once."),
  },
  [
    {
      needs: ["min", "max"],
      check: ({ min, max }) =>
        min <= max ? [] : [{ path: ["max"], message: `must be at least \`min\`, which is ${min}` }],
    },
  ],
);

const probeField = () =>
  textOf(
    /^(?:none|tcp|grpc|http \/\S{0,200})$/,
    "`none`, `tcp`, `grpc`, or `http` and a path like `http /health`",
  );

const probesField = section({
  startup: probeField().optional().describe("What tells that an instance has started."),
  liveness: probeField().optional().describe("What tells that an instance is still well."),
  readiness: probeField().optional().describe("What tells that an instance may get requests."),
}).transform(({ startup, liveness, readiness }) => ({
  startup: startup ?? null,
  liveness: liveness ?? null,
  readiness: readiness ?? null,
}));

const secretsField = z.record(
  textOf(
    /^(?:\/[^\s/]+\/\S{1,240}|[A-Za-z_][A-Za-z0-9_]{0,254})$/,
    "the name of a variable, or the path of a file",
  ),
  textOf(/^[A-Za-z0-9_-]{1,255}:(?:latest|[1-9][0-9]*)$/, "a secret and its version like `api-key:3`"),
);

const shape = {
  gpu: gpuField.optional().describe("The GPU that the service must keep."),
  cpu: z.number().min(0.08).max(8).optional().describe("vCPU of an instance."),
  memory: sizeField().optional().describe("Memory of an instance, such as `32Gi`."),
  concurrency: z.int().min(1).max(1000).optional().describe("Requests that one instance takes at once."),
  instances: instancesField.optional().describe("The scaling limits of the service."),
  timeout: durationField({ max: hour })
    .optional()
    .describe("The time limit of one request, at most an hour."),
  executionEnvironment: z
    .enum(["gen1", "gen2"])
    .optional()
    .describe("The generation of the execution environment; a GPU needs `gen2`."),
  serviceAccount: serviceAccountField().optional().describe("The service account that the service runs as."),
  ingress: z
    .enum(["all", "internal", "internal-and-cloud-load-balancing"])
    .optional()
    .describe("From where requests may come."),
  secrets: secretsField
    .optional()
    .describe(
      "All secrets that the container sees: the variable or file, and `secret:version`. No other may be there.",
    ),
  probes: probesField.optional().describe("What Cloud Run asks an instance."),
};

type Written = z.output<z.ZodObject<typeof shape>>;

/** What Cloud Run refuses beside a GPU (Cloud Run, "GPU support for services"). */
function gpuComplaints({ gpu, cpu, memory, executionEnvironment }: Partial<Written>): readonly Complaint[] {
  if (gpu === undefined) return [];
  return [
    ...(cpu === undefined || cpu >= 4
      ? []
      : [{ path: ["cpu"], message: "must be at least 4: Cloud Run refuses a GPU with less" }]),
    ...(memory === undefined || memory >= 16 * gibibyte
      ? []
      : [{ path: ["memory"], message: "must be at least 16Gi: Cloud Run refuses a GPU with less" }]),
    ...(executionEnvironment === "gen1"
      ? [{ path: ["executionEnvironment"], message: "must be `gen2`: Cloud Run refuses a GPU in `gen1`" }]
      : []),
  ];
}

/** What a release may not change. */
export const guardrailsField = section(shape, [
  { needs: ["gpu", "cpu"], check: ({ gpu, cpu }) => gpuComplaints({ gpu, cpu }) },
  { needs: ["gpu", "memory"], check: ({ gpu, memory }) => gpuComplaints({ gpu, memory }) },
  {
    needs: ["gpu", "executionEnvironment"],
    check: ({ gpu, executionEnvironment }) => gpuComplaints({ gpu, executionEnvironment }),
  },
])
  .transform(
    (written): Guardrails => ({
      gpu: written.gpu ?? null,
      cpu: written.cpu ?? null,
      memoryBytes: written.memory ?? null,
      concurrency: written.concurrency ?? null,
      instances: written.instances ?? null,
      timeoutMs: written.timeout ?? null,
      executionEnvironment: written.executionEnvironment ?? null,
      serviceAccount: written.serviceAccount ?? null,
      ingress: written.ingress ?? null,
      secrets: written.secrets ?? null,
      probes: written.probes ?? null,
    }),
  )
  .prefault({})
  .describe("Settings of the service that a release may not change. What is not named is not guarded.");

/** A release sets what `runtime` says, so a guard rail that says otherwise could never hold. */
export function contradictions({
  guardrails,
  runtime,
}: Readonly<{ guardrails: Guardrails; runtime: RuntimeConfig }>): readonly Complaint[] {
  const account = guardrails.serviceAccount;
  const isOther = account !== null && runtime.serviceAccount !== null && account !== runtime.serviceAccount;
  const shadowed = Object.keys(guardrails.secrets ?? {}).filter((name) => Object.hasOwn(runtime.env, name));
  const other = "is not `runtime.serviceAccount`, which a release sets";
  return [
    ...(isOther ? [{ path: ["guardrails", "serviceAccount"], message: other }] : []),
    ...shadowed.map((name) => ({
      path: ["runtime", "env", name],
      message: "is a secret by `guardrails.secrets`; a release would put this text in its place",
    })),
  ];
}
