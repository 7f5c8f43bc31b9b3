import { topics } from "../ports/bus.ts";

/** The functions of Gantry on Google Cloud, one a file of `functions/`. */
export const functionNames = [
  "build",
  "deploy",
  "verify",
  "rollout",
  "rollback",
  "notify",
  "warmup",
  "sweep",
] as const;

export type FunctionName = (typeof functionNames)[number];

/**
 * Secrets by their id in Secret Manager. A `variable` is mounted as an environment variable; a `file` is mounted as a file in
 * a folder of its own, and the variable says where it is.
 */
export const secretParts = {
  policy: { id: "gantry-policy", variable: "GANTRY_POLICY_FILE", file: "gantry.policy.yaml" },
  server: { id: "gantry-server", variable: "GANTRY_SERVER_FILE", file: "gantry.server.yaml" },
  webhook: { id: "gantry-webhook-secrets", variable: "GANTRY_WEBHOOK_SECRETS", file: null },
  github: { id: "gantry-github-token", variable: "GANTRY_GITHUB_TOKEN", file: null },
  githubApp: { id: "gantry-github-app-key", variable: "GANTRY_GITHUB_APP_KEY", file: null },
  session: { id: "gantry-session-secret", variable: "GANTRY_SESSION_SECRET", file: null },
  tokens: { id: "gantry-tokens", variable: "GANTRY_TOKENS", file: null },
  slackToken: { id: "gantry-slack-token", variable: "GANTRY_SLACK_TOKEN", file: null },
  otlp: { id: "gantry-otlp-headers", variable: "OTEL_EXPORTER_OTLP_HEADERS", file: null },
  slackSigning: { id: "gantry-slack-signing-secrets", variable: "GANTRY_SLACK_SIGNING_SECRETS", file: null },
} as const;

export type SecretName = keyof typeof secretParts;

/** Only an installation with Slack has these. */
export const slackSecrets: readonly SecretName[] = ["slackToken", "slackSigning"];

/** As whom Gantry goes to GitHub; each has a secret that the others do not have. */
export const githubWays = ["token", "app", "none"] as const;

export type GitHubWay = (typeof githubWays)[number];

/** The secrets that such an installation has no need of. */
export function absentSecrets(
  has: Readonly<{ hasSlack: boolean; github: GitHubWay; hasOtlpHeaders: boolean }>,
): readonly SecretName[] {
  return [
    ...(has.hasOtlpHeaders ? [] : (["otlp"] as const)),
    ...(has.hasSlack ? [] : slackSecrets),
    ...(has.github === "token" ? [] : (["github"] as const)),
    ...(has.github === "app" ? [] : (["githubApp"] as const)),
  ];
}

/**
 * What a function is given. Where its time limit lies above the 600 s after which Pub/Sub delivers again, the second delivery finds the
 * work claimed, and is acknowledged.
 */
export type FunctionPart = Readonly<{
  does: string;
  memory: string;
  /** At most 3,600: https://cloud.google.com/functions/quotas#time_limits */
  timeoutSeconds: number;
  /** The longest that one piece of its work takes; it begins none that its own time limit could cut off. */
  longestPieceSeconds: number;
  /** Requests that one instance takes at once; above 1 it needs a whole CPU. */
  concurrency: number;
  maxInstances: number;
  secrets: readonly SecretName[];
}>;

/** Every process has the files, and what it sends its traces with. */
const files = ["policy", "server", "otlp"] as const;
const github = ["github", "githubApp"] as const;
const usual = {
  memory: "512Mi",
  timeoutSeconds: 540,
  longestPieceSeconds: 210,
  concurrency: 1,
  maxInstances: 20,
} as const;

/**
 * A watch waits far more than it computes, so one instance watches several services. So does the sweep: a call of the clock
 * waits for most of a minute, and looks for drift wait for Cloud Run, which may fall due for every service at once.
 */
const patient = { ...usual, concurrency: 10 } as const;

export const functionParts: Readonly<Record<FunctionName, FunctionPart>> = {
  build: {
    ...usual,
    does: "admits releases, looks before the build, starts builds",
    secrets: [...files, ...github],
  },
  deploy: {
    ...usual,
    timeoutSeconds: 1_500,
    longestPieceSeconds: 690,
    does: "asks what came of a build, deploys the image at 0 %",
    secrets: [...files, ...github],
  },
  verify: {
    ...patient,
    timeoutSeconds: 3_600,
    longestPieceSeconds: 2_790,
    does: "runs the gate at the candidate's own URL",
    secrets: [...files],
  },
  rollout: { ...patient, does: "moves traffic, watches, restores stable", secrets: [...files] },
  rollback: { ...usual, does: "restores stable on demand, clears away what is left", secrets: [...files] },
  notify: {
    ...usual,
    does: "speaks in Slack and on GitHub, carries out clicks",
    secrets: [...files, "slackToken", ...github],
  },
  warmup: { ...usual, maxInstances: 3, does: "raises and lowers minimums, pings", secrets: [...files] },
  sweep: {
    ...patient,
    maxInstances: 3,
    does: "each minute: due work, unsent messages, lost tags, drift",
    secrets: [...files, ...github],
  },
};

/** Between the end of the last piece and the end of the function: to write down what came of it. */
const spareSeconds = 30;

/** How long after its start a function hands what is left over to another call. */
export function handsOverAfterMs({ timeoutSeconds, longestPieceSeconds }: FunctionPart): number {
  return (timeoutSeconds - longestPieceSeconds - spareSeconds) * 1_000;
}

/** What the HTTP service is given. */
export const servicePart = {
  does: "webhooks, API and console",
  secrets: [...files, "webhook", "session", "tokens", "slackToken", "slackSigning", ...github],
} as const satisfies Readonly<{ does: string; secrets: readonly SecretName[] }>;

/** Google's APIs that Gantry and its installation use. */
export const apis = [
  "artifactregistry.googleapis.com",
  "cloudbuild.googleapis.com",
  "cloudfunctions.googleapis.com",
  "cloudscheduler.googleapis.com",
  "firestore.googleapis.com",
  "iam.googleapis.com",
  "logging.googleapis.com",
  "monitoring.googleapis.com",
  "pubsub.googleapis.com",
  "run.googleapis.com",
  "secretmanager.googleapis.com",
  "storage.googleapis.com",
] as const;

/** The topic of messages that a subscription gave up. */
export const deadLetterTopic = "gantry-dead-letters";

/** Topics whose messages only say where to look: what is done is decided by the state. Whoever commits may publish there. */
export const handOffTopics: readonly string[] = [
  ...Object.values(topics.work),
  topics.sweep,
  topics.warmup,
  topics.notify,
  topics.events,
];

/** Every topic in Gantry's own project, save Cloud Build's. */
export const ownTopics: readonly string[] = [
  topics.releases,
  topics.commands,
  ...handOffTopics,
  deadLetterTopic,
];

/** Jobs of Cloud Scheduler, once a minute each. Windows have zones of their own, in `gantry.yaml`. */
export const schedule = [
  { name: "gantry-sweep", topic: topics.sweep, cron: "* * * * *" },
  { name: "gantry-warmup", topic: topics.warmup, cron: "* * * * *" },
] as const;
