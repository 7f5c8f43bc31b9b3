import { z } from "zod";
import { buildSubstitutionNames } from "./build-substitutions.ts";
import {
  environmentNameField,
  pathField,
  projectField,
  quotedText,
  regionField,
  repositoryField,
  serviceNameField,
  textOf,
} from "./names.ts";
import { section } from "./section.ts";
import { durationField, sizeField } from "./units.ts";

const hour = 3_600_000;
const gibibyte = 2 ** 30;

/** Which Cloud Run service. */
export const serviceField = section({
  project: projectField().describe("The id of the Google Cloud project."),
  region: regionField().describe("The region of the service, such as `us-central1`."),
  name: serviceNameField().describe("The name of the service, at most 49 characters."),
}).describe("The Cloud Run service that this file releases.");

/** Which repository, which tags, which folder. */
export const sourceField = section({
  repository: repositoryField().describe("The repository on GitHub, `owner/name`."),
  tags: textOf(
    /^[A-Za-z0-9._+/*-]{1,128}$/,
    "a pattern of tags like `v*.*.*`: letters, digits, `.`, `_`, `+`, `/`, `-` and `*`",
  )
    .default("v*.*.*")
    .describe("Tags that start a release; `*` stands for any text without a slash."),
  directory: pathField("a folder").default(".").describe("The folder of the repository that is built."),
}).describe("Where the source comes from.");

const userSubstitutionName = textOf(
  /^_[A-Z0-9_]{1,99}$/,
  "the name of a substitution of your own: `_` and then capitals, digits and `_`",
).refine((name) => !buildSubstitutionNames.some((known) => known === name), {
  error: (issue) => `\`${String(issue.input)}\` is a substitution that Gantry itself passes`,
});

/** How the image is built. */
export const buildField = section({
  config: pathField("a file")
    .optional()
    .describe(
      "A Cloud Build file below `source.directory`. Without it Gantry's own `cloudbuild-nocache.yaml` is used.",
    ),
  timeout: durationField({ max: 24 * hour })
    .prefault("30m")
    .describe("The longest that a build may take."),
  repository: textOf(
    /^[a-z0-9-]+-docker\.pkg\.dev\/[a-z0-9.:-]+\/[a-z][a-z0-9-]{0,62}$/,
    "an Artifact Registry repository like `us-central1-docker.pkg.dev/my-project/my-images`",
  )
    .optional()
    .describe(
      "The Artifact Registry repository that images are pushed to. Without it: `REGION-docker.pkg.dev/PROJECT/gantry` of the service.",
    ),
  substitutions: z
    .record(
      userSubstitutionName,
      quotedText().min(1, { error: "is empty; Cloud Build would replace it by nothing" }),
    )
    .default({})
    .describe("Substitutions of your own for the build file; each must be used there."),
})
  .transform(({ config, timeout, repository, substitutions }) => ({
    config: config ?? null,
    timeoutMs: timeout,
    repository: repository ?? null,
    substitutions,
  }))
  .prefault({})
  .describe("How the image is built.");

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

/** What a release may not change. */
export const guardrailsField = section(
  {
    gpu: gpuField.optional().describe("The GPU that the service must keep."),
    cpu: z.number().min(0.08).max(8).optional().describe("vCPU of an instance."),
    memory: sizeField().optional().describe("Memory of an instance, such as `32Gi`."),
    concurrency: z.int().min(1).max(1000).optional().describe("Requests that one instance takes at once."),
    instances: instancesField.optional().describe("The scaling limits of the service."),
    timeout: durationField({ max: hour })
      .optional()
      .describe("The time limit of one request, at most an hour."),
  },
  [
    {
      needs: ["gpu", "cpu"],
      check: ({ gpu, cpu }) =>
        gpu === undefined || cpu === undefined || cpu >= 4
          ? []
          : [{ path: ["cpu"], message: "must be at least 4: Cloud Run refuses a GPU with less" }],
    },
    {
      needs: ["gpu", "memory"],
      check: ({ gpu, memory }) =>
        gpu === undefined || memory === undefined || memory >= 16 * gibibyte
          ? []
          : [{ path: ["memory"], message: "must be at least 16Gi: Cloud Run refuses a GPU with less" }],
    },
  ],
)
  .transform(({ gpu, cpu, memory, concurrency, instances, timeout }) => ({
    gpu: gpu ?? null,
    cpu: cpu ?? null,
    memoryBytes: memory ?? null,
    concurrency: concurrency ?? null,
    instances: instances ?? null,
    timeoutMs: timeout ?? null,
  }))
  .prefault({})
  .describe("Settings of the service that a release may not change. What is not named is not guarded.");

/** What a release sets on the service. */
export const runtimeField = section({
  env: z
    .record(environmentNameField(), quotedText().max(32_768))
    .default({})
    .describe(
      "Environment variables that a release sets; others of the service stay. Never put a secret here.",
    ),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe("The port that the container listens on. Without it: unchanged."),
  serviceAccount: textOf(
    /^[a-z0-9.-]+@[a-z0-9.-]+\.gserviceaccount\.com$/,
    "the e-mail address of a service account",
  )
    .optional()
    .describe("The service account that the service runs as. Without it: unchanged."),
})
  .transform(({ env, port, serviceAccount }) => ({
    env,
    port: port ?? null,
    serviceAccount: serviceAccount ?? null,
  }))
  .prefault({})
  .describe("What a release sets on the service beside its image.");
