import { z } from "zod";
import { buildSubstitutionNames } from "./build-substitutions.ts";
import {
  environmentNameField,
  pathField,
  projectField,
  quotedText,
  regionField,
  repositoryField,
  serviceAccountField,
  serviceNameField,
  textOf,
} from "./names.ts";
import { section } from "./section.ts";
import { durationField } from "./units.ts";

const hour = 3_600_000;

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
  connection: textOf(
    /^projects\/[a-z0-9.:-]+\/locations\/[a-z]+-[a-z]+[0-9]+\/connections\/[A-Za-z0-9._-]+\/repositories\/[A-Za-z0-9._-]+$/,
    "the full name of a repository in a Cloud Build connection, `projects/…/locations/REGION/connections/…/repositories/…`",
  )
    .optional()
    .describe(
      "The repository in a Cloud Build connection, by its full name: a private repository is fetched through it, and builds run in its region. Without it Cloud Build clones from GitHub without a password.",
    ),
})
  .transform(({ connection, ...source }) => (connection === undefined ? source : { ...source, connection }))
  .describe("Where the source comes from.");

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
  serviceAccount: serviceAccountField()
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
