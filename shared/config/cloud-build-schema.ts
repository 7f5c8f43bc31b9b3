import { z } from "zod";
import { textOf } from "./names.ts";
import { strictSection as message } from "./section.ts";

const maxSeconds = 24 * 3600;

/** Text of a field; a number or truth value is refused as the API refuses it. */
const text = (max: number) =>
  z
    .string({
      error: ({ input }) =>
        typeof input === "number" || typeof input === "boolean"
          ? `must be text; write it in quotes: "${String(input)}"`
          : undefined,
    })
    .max(max);
const texts = (count: number, length: number) => z.array(text(length)).max(count);

/** A protobuf duration: seconds and an `s`, at most 24 hours. */
const duration = () =>
  z
    .string({
      error: ({ input }) =>
        typeof input === "number" ? `the number ${input} has no unit: write \`${input}s\`` : undefined,
    })
    .regex(/^\d{1,9}(?:\.\d{1,9})?s$/, {
      error: "must be a number of seconds like `900s`; Cloud Build knows no other unit",
    })
    .refine((value) => Number.parseFloat(value) <= maxSeconds, {
      error: "must be at most `86400s`, which is 24 hours",
    });

const environment = () =>
  z.array(text(32_768).regex(/^[^=]+=/, { error: "must be of the form `KEY=VALUE`" })).max(100);

const volume = message({
  name: textOf(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/, "the name of a volume"),
  path: textOf(/^\//, "an absolute path"),
});

const step = message(
  {
    name: text(1000).min(1, { error: "must name the image of the step" }),
    args: texts(100, 10_000).optional(),
    env: environment().optional(),
    dir: text(1000).optional(),
    id: text(1000).optional(),
    waitFor: texts(100, 1000).optional(),
    entrypoint: text(1000).optional(),
    secretEnv: texts(100, 1000).optional(),
    volumes: z.array(volume).max(10).optional(),
    timeout: duration().optional(),
    allowFailure: z.boolean().optional(),
    allowExitCodes: z.array(z.int()).optional(),
    script: text(100_000).optional(),
    automapSubstitutions: z.boolean().optional(),
  },
  [
    {
      needs: [],
      check: ({ script, args, entrypoint }) =>
        script !== undefined && (args !== undefined || entrypoint !== undefined)
          ? [{ path: ["script"], message: "cannot stand beside `args` or `entrypoint` in one step" }]
          : [],
    },
  ],
);

const options = message({
  sourceProvenanceHash: z.array(z.enum(["NONE", "SHA256", "MD5", "GO_MODULE_H1", "SHA512"])).optional(),
  requestedVerifyOption: z.enum(["NOT_VERIFIED", "VERIFIED"]).optional(),
  machineType: z
    .enum([
      "UNSPECIFIED",
      "E2_MEDIUM",
      "E2_STANDARD_2",
      "E2_HIGHCPU_8",
      "E2_HIGHCPU_32",
      "N1_HIGHCPU_8",
      "N1_HIGHCPU_32",
    ])
    .optional(),
  diskSizeGb: z
    .union([z.int(), z.string().regex(/^\d+$/)], { error: "must be a whole number of gigabytes" })
    .optional(),
  substitutionOption: z.enum(["MUST_MATCH", "ALLOW_LOOSE"]).optional(),
  dynamicSubstitutions: z.boolean().optional(),
  automapSubstitutions: z.boolean().optional(),
  logStreamingOption: z.enum(["STREAM_DEFAULT", "STREAM_ON", "STREAM_OFF"]).optional(),
  workerPool: text(1000).optional(),
  pool: message({ name: text(1000) }).optional(),
  logging: z
    .enum(["LOGGING_UNSPECIFIED", "LEGACY", "GCS_ONLY", "STACKDRIVER_ONLY", "CLOUD_LOGGING_ONLY", "NONE"])
    .optional(),
  env: environment().optional(),
  secretEnv: texts(100, 1000).optional(),
  volumes: z.array(volume).max(10).optional(),
  defaultLogsBucketBehavior: z
    .enum(["DEFAULT_LOGS_BUCKET_BEHAVIOR_UNSPECIFIED", "REGIONAL_USER_OWNED_BUCKET", "LEGACY_BUCKET"])
    .optional(),
  enableStructuredLogging: z.boolean().optional(),
});

const artifacts = message({
  images: texts(100, 1000).optional(),
  objects: message({
    location: textOf(/^gs:\/\//, "a Cloud Storage URL that begins with `gs://`"),
    paths: texts(100, 1000).min(1),
  }).optional(),
  mavenArtifacts: z
    .array(
      message({
        repository: text(1000),
        path: text(1000).optional(),
        artifactId: text(1000).optional(),
        groupId: text(1000).optional(),
        version: text(1000).optional(),
      }),
    )
    .optional(),
  goModules: z
    .array(
      message({
        repositoryName: text(1000).optional(),
        repositoryLocation: text(1000).optional(),
        repositoryProjectId: text(1000).optional(),
        sourcePath: text(1000).optional(),
        modulePath: text(1000).optional(),
        moduleVersion: text(1000).optional(),
      }),
    )
    .optional(),
  pythonPackages: z.array(message({ repository: text(1000), paths: texts(100, 1000).optional() })).optional(),
  npmPackages: z.array(message({ repository: text(1000), packagePath: text(1000).optional() })).optional(),
});

const availableSecrets = message({
  secretManager: z.array(message({ versionName: text(1000), env: text(1000) })).optional(),
  inline: z.array(message({ kmsKeyName: text(1000), envMap: z.record(z.string(), text(90_000)) })).optional(),
});

const dependency = message({
  empty: z.boolean().optional(),
  gitSource: message({
    repository: message({ url: text(2000).optional(), developerConnect: text(2000).optional() }),
    revision: text(1000),
    recurseSubmodules: z.boolean().optional(),
    depth: z.union([z.int(), z.string().regex(/^\d+$/)]).optional(),
    destPath: text(1000),
  }).optional(),
});

const substitutions = z
  .record(
    textOf(
      /^(?:_[A-Z0-9_]{1,99}|TRIGGER_NAME|COMMIT_SHA|REVISION_ID|SHORT_SHA|REPO_NAME|REPO_FULL_NAME|BRANCH_NAME|TAG_NAME|REF_NAME|TRIGGER_BUILD_CONFIG_PATH|SERVICE_ACCOUNT_EMAIL|SERVICE_ACCOUNT)$/,
      "`_` and then capitals, digits and `_`, or a built-in that may be set",
    ),
    text(4000),
  )
  .refine((all) => Object.keys(all).length <= 100, { error: "must hold at most 100 entries" });

/**
 * The fields of `google.devtools.cloudbuild.v1.Build` that a request may set, as in the REST API, with the limits that
 * Cloud Build checks before it starts a build (its proto comments; `validate.go` of GoogleCloudPlatform/cloud-build-local).
 */
export const cloudBuildSchema = message({
  steps: z.array(step).min(1, { error: "must hold at least one step" }).max(100),
  timeout: duration().optional(),
  queueTtl: duration().optional(),
  images: texts(100, 1000).optional(),
  artifacts: artifacts.optional(),
  logsBucket: text(1000).optional(),
  options: options.optional(),
  substitutions: substitutions.optional(),
  tags: texts(64, 1000).optional(),
  secrets: z
    .array(message({ kmsKeyName: text(1000), secretEnv: z.record(z.string(), text(90_000)) }))
    .optional(),
  availableSecrets: availableSecrets.optional(),
  serviceAccount: text(1000).optional(),
  gitConfig: message({ http: message({ proxySecretVersionName: text(1000) }).optional() }).optional(),
  dependencies: z.array(dependency).optional(),
  source: z.never({ error: "is what Gantry gives: the commit that the tag names; remove it" }).optional(),
});

/** One build as the REST API writes it: durations like `900s`, enums by name. */
export type CloudBuildFile = z.output<typeof cloudBuildSchema>;
/** One step of a build. */
export type CloudBuildStep = CloudBuildFile["steps"][number];
