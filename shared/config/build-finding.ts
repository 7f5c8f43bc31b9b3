import type { ConfigProblem } from "./problem.ts";

type Advice = Readonly<{ severity: "error" | "warning"; meaning: string; repair: string }>;

/** What can be found in a build file: what it means, and what to do. An error stops the release before it builds. */
export const buildAdvice = {
  "invalid-file": {
    severity: "error",
    meaning: "Cloud Build would refuse the file.",
    repair: "Correct what the message names.",
  },
  "invalid-step-order": {
    severity: "error",
    meaning: "Cloud Build would refuse the order of the steps.",
    repair: "Give each step an id of its own, and let it wait only for steps that stand above it.",
  },
  "account-not-allowed": {
    severity: "error",
    meaning:
      "The steps would run as an account that the operator did not choose for builds; Gantry may act as accounts of other services too.",
    repair:
      "Take `serviceAccount` out of the build file; or let the operator set `buildAccount` in gantry.server.yaml to this account.",
  },
  "unknown-secret": {
    severity: "error",
    meaning: "Cloud Build refuses a `secretEnv` that nothing defines.",
    repair: "Define it under `availableSecrets.secretManager`.",
  },
  "step-outlasts-build": {
    severity: "error",
    meaning: "Cloud Build refuses a step with more time than its build.",
    repair: "Raise the `timeout` of the build, or lower that of the step. A build without one has 3600s.",
  },
  "steps-outlast-build": {
    severity: "warning",
    meaning: "The build can end in the middle of a step that is still within its own time.",
    repair: "Raise the `timeout` of the build to the sum of its steps.",
  },
  "substitution-missing": {
    severity: "error",
    meaning: "Cloud Build refuses a `_KEY` that nothing sets.",
    repair: "Set it under `build.substitutions` of gantry.yaml, or under `substitutions` of the build file.",
  },
  "substitution-unused": {
    severity: "error",
    meaning: "Cloud Build refuses a substitution that no field uses.",
    repair:
      "Use it in a step, in `images` or in `tags`, or take it away. Fields like `script` are not replaced.",
  },
  "substitution-unknown": {
    severity: "error",
    meaning:
      "Cloud Build takes every `$NAME` in capitals for a substitution and refuses a name that it does not know.",
    repair: "Write `$$NAME` for a variable of the shell.",
  },
  "substitution-empty": {
    severity: "error",
    meaning: "Only builds of a trigger have this substitution; in others it is replaced by nothing.",
    repair: `Use one that Gantry passes, such as \`\${TAG_NAME}\`, \`\${COMMIT_SHA}\` or \`\${SHORT_SHA}\`.`,
  },
  "substitution-expression": {
    severity: "error",
    meaning: `Cloud Build replaces \`$KEY\` and \`\${KEY}\` only; other forms stay in the text as they are.`,
    repair: `Set the default under \`substitutions\` and write \`\${KEY}\`.`,
  },
  "invalid-image-name": {
    severity: "error",
    meaning: "Cloud Build refuses an image name that is no reference.",
    repair: `Write \`\${_IMAGE}:\${_TAG}\`, which Gantry fills for every release.`,
  },
  "invalid-tag": {
    severity: "error",
    meaning: "Cloud Build refuses the tag.",
    repair: "Use letters, digits, `_`, `.` and `-`, at most 128, beginning with a letter, a digit or `_`.",
  },
  "no-images": {
    severity: "error",
    meaning:
      "No digest comes back: Cloud Build reports digests only of images that `images` names, and Gantry deploys by digest.",
    repair: `Add \`images: ["\${_IMAGE}:\${_TAG}"]\`; Cloud Build pushes them itself after the last step.`,
  },
  "ambiguous-image": {
    severity: "error",
    meaning: "Several images are pushed, and none is the image of the service.",
    repair: `Name the image of the service \`\${_IMAGE}:\${_TAG}\`.`,
  },
  deploys: {
    severity: "error",
    meaning: "A build that deploys goes around the gate: traffic would move before anything is proved.",
    repair: "Remove the step. Gantry deploys the image by its digest, at 0 % of traffic.",
  },
  "moves-latest": {
    severity: "error",
    meaning: "The tag `latest` would name an image that nothing has proved yet.",
    repair: `Push \`\${_IMAGE}:\${_TAG}\` only; whoever pulls \`latest\` would run an image that may be rolled back.`,
  },
  "tags-latest": {
    severity: "warning",
    meaning: "The image is called `latest` within the build, and one push of it moves the tag for everybody.",
    repair: `Build \`--tag=\${_IMAGE}:\${_TAG}\` only.`,
  },
  "push-all-tags": {
    severity: "warning",
    meaning:
      "A push within a step gives no digest and no provenance, and publishes every tag before the build is done.",
    repair: "Remove the push and name the image under `images`.",
  },
  "cached-build": {
    severity: "warning",
    meaning: "Layers of an older build may come back in this one.",
    repair: "Add `--no-cache`.",
  },
  "base-image-not-pulled": {
    severity: "warning",
    meaning: "An old base image may be used again: `--no-cache` alone does not fetch it anew.",
    repair: "Add `--pull`.",
  },
} as const satisfies Readonly<Record<string, Advice>>;

/** The name of a finding, stable for scripts. */
export type BuildFindingCode = keyof typeof buildAdvice;

/** One thing that is wrong, or doubtful, in a Cloud Build file: where, what it means, and the repair. */
export type BuildFinding = ConfigProblem &
  Readonly<{ code: BuildFindingCode; severity: "error" | "warning"; meaning: string; repair: string }>;

/** A finding before its place in the file is known. */
export type RawFinding = Readonly<{
  code: BuildFindingCode;
  path: readonly (string | number)[];
  message: string;
}>;
