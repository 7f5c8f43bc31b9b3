import { z } from "zod";
import type { AccessToken } from "../../service/service-deps.ts";
import type { Endpoint } from "../../shared/adapters/google/client-options.ts";
import { type ConfigText, parseConfig } from "../../shared/config/parse-config.ts";
import type { Result } from "../../shared/config/problem.ts";
import { section } from "../../shared/config/section.ts";
import { durationField } from "../../shared/config/units.ts";
import { accessToken } from "../runtime/access-token.ts";

/** `host:port` of a server that speaks Google's API in plain text, such as the local cloud. */
const endpointField = z
  .string()
  .regex(/^[A-Za-z0-9.-]+:[0-9]{1,5}$/, { error: "must be an address like `127.0.0.1:4630`" })
  .transform((text): Endpoint => {
    const [host = "", port = ""] = text.split(":");
    return { host, port: Number(port), insecure: true };
  });

const serverSchema = section({
  version: z.literal(1).default(1),
  policy: z
    .string()
    .min(1)
    .default("gantry.policy.yaml")
    .describe("The operator's policy; a path from this file."),
  engine: z
    .enum(["embedded", "google"])
    .optional()
    .describe(
      "Where state and messages are: in one file, or on Firestore and Pub/Sub with the functions. Without it: in one file, and of the container on Cloud Run on Firestore.",
    ),
  database: z
    .string()
    .min(1)
    .default("gantry.db")
    .describe("The file that keeps everything; a path from this file."),
  listen: section({
    host: z.string().min(1).default("127.0.0.1"),
    port: z.int().min(0).max(65_535).default(8080),
  }).prefault({}),
  publicUrl: z.url().optional().describe("Where people reach this server."),
  people: section({
    iap: z
      .string()
      .regex(
        /^\/projects\/[0-9]{1,20}\/(?:global\/backendServices\/[0-9]{1,20}|locations\/[a-z0-9-]{1,40}\/services\/[a-z0-9-]{1,63})$/,
        { error: "must be an audience like `/projects/42/locations/us-central1/services/gantry`" },
      )
      .optional()
      .describe("The audience of Identity-Aware Proxy; what it lets through has the roles of the policy."),
    signIn: z
      .string()
      .regex(/^[!-~]{8,200}$/, {
        error: "must be an audience without blanks, like the address of this server",
      })
      .optional()
      .describe("The audience of identity tokens that people and CI jobs have from Google, sent as bearer."),
  })
    .prefault({})
    .describe("Whom Google signed in: see `access` in the policy."),
  github: section({
    api: z.url().default("https://api.github.com"),
    clone: z.url().default("https://github.com"),
    report: z
      .boolean()
      .default(true)
      .describe(
        "Tell GitHub of releases, as deployments and commit statuses, where there is a token or an app.",
      ),
    app: section({
      id: z
        .string()
        .regex(/^[A-Za-z0-9.]{1,40}$/, { error: "must be the id or the client id of a GitHub App" }),
      installation: z
        .string()
        .regex(/^[0-9]{1,20}$/, { error: "must be the number of an installation" })
        .optional()
        .describe("Without it, the installation of each repository is looked up."),
    })
      .optional()
      .describe("The GitHub App as which Gantry acts, in place of a token."),
    findTags: durationField({ min: 1_000 })
      .default(5 * 60_000)
      .describe("How often tags are looked for whose webhook was lost."),
    webhookWithin: durationField({ min: 0 })
      .default(60_000)
      .describe("How long a tag that was found may still be told by its webhook."),
  }).prefault({}),
  endpoints: section({
    run: endpointField.optional(),
    build: endpointField.optional(),
    monitoring: endpointField.optional(),
    registry: z.url().optional().describe("The base URL of a mirror of all image registries."),
    logging: z.url().optional().describe("The base URL, as `http://127.0.0.1:4632`."),
  })
    .prefault({})
    .describe("Other servers than Google's own, in plain text: for a local cloud."),
  slack: section({
    teams: z
      .array(
        z.string().regex(/^[TE][A-Z0-9]{2,20}$/, { error: "must be the id of a workspace like `T0123ABCD`" }),
      )
      .min(1),
    app: z.string().regex(/^A[A-Z0-9]{2,20}$/, { error: "must be the id of an app like `A0123ABCD`" }),
    api: z.url().default("https://slack.com/api/"),
  })
    .optional()
    .describe("The Slack app that Gantry speaks through; without it there is no Slack."),
  buildAccount: z
    .string()
    .regex(/^[a-z0-9-]+@[a-z0-9.{}-]+\.gserviceaccount\.com$/, {
      error: "must be the mail address of a service account; `{project}` stands for the service's project",
    })
    .optional()
    .describe(
      "Whom builds run as; a build file that names another account is refused. Without it: Cloud Build's default account.",
    ),
  sweepFor: durationField({ min: 0, max: 300_000 })
    .default(55_000)
    .describe(
      "On Google Cloud: how long one call of the clock goes on while something falls due before the next.",
    ),
  handOverAfter: durationField({ min: 1_000, max: 300_000 })
    .optional()
    .describe(
      "On Google Cloud: after how long a function hands the rest of a release over to its next call, where that is sooner than its time limit asks for.",
    ),
  lease: durationField({ min: 1_000, max: 300_000 })
    .default(30_000)
    .describe(
      "How long work belongs to a process that gives no sign of life; after that another one takes it up.",
    ),
  watchWaiting: durationField({ min: 100 })
    .default(5 * 60_000)
    .describe("How often a candidate is looked at that waits for approval. Each look may wake an instance."),
  lookForDrift: durationField({ min: 100 })
    .default(5 * 60_000)
    .describe(
      "How often a service is looked at for what somebody changed by hand, while nothing is released.",
    ),
  pollBuilds: durationField({ min: 100 })
    .optional()
    .describe(
      "How often Cloud Build is asked whether a build has ended. Without it: every 15 s with `engine: embedded`, and on Google Cloud, where Cloud Build tells it too, after 1 minute and then up to 5 minutes apart.",
    ),
});

export type ServerSettings = z.output<typeof serverSchema>;

/** Reads `gantry.server.yaml`. Secrets never stand in it: they come from the environment. */
export function parseServerSettings(input: ConfigText): Result<ServerSettings> {
  const parsed = parseConfig(input, serverSchema);
  return parsed.ok ? { ok: true, value: parsed.value } : { ok: false, problems: parsed.problems };
}

/** What only the environment tells. */
export type ServerSecrets = Readonly<{
  webhookSecrets: readonly string[];
  githubToken: string | null;
  githubAppKey: string | null; // PEM
  sessionSecret: string | null;
  slack: Readonly<{ token: string; signingSecrets: readonly string[] }> | null; // null = not given
  tokens: readonly AccessToken[];
}>;

export const secretNames = {
  webhook: "GANTRY_WEBHOOK_SECRETS", // comma between several, the newest first
  github: "GANTRY_GITHUB_TOKEN",
  githubApp: "GANTRY_GITHUB_APP_KEY", // the private key of the app, PEM
  session: "GANTRY_SESSION_SECRET",
  slackToken: "GANTRY_SLACK_TOKEN", // of the bot, xoxb-…
  slackSigning: "GANTRY_SLACK_SIGNING_SECRETS", // comma between several, the newest first
  tokens: "GANTRY_TOKENS", // name=token, comma between several
} as const;

/** A webhook secret and a token for people are needed; the answer names every variable that is missing or malformed. */
export function readSecrets(
  env: Readonly<Record<string, string | undefined>>,
  needs: Readonly<{ slack: boolean; githubApp: boolean }>,
): ServerSecrets | Readonly<{ missing: readonly string[] }> {
  const list = (name: string): readonly string[] =>
    (env[name] ?? "")
      .split(",")
      .map((text) => text.trim())
      .filter((text) => text !== "");
  const webhookSecrets = list(secretNames.webhook);
  const pairs = list(secretNames.tokens).map((pair) => /^([^=\s]{1,64})=(\S{16,})$/.exec(pair));
  const tokens = pairs.flatMap((pair) => (pair?.[1] && pair[2] ? [accessToken(pair[1], pair[2])] : []));
  const missing = [
    ...(webhookSecrets.length === 0 ? [`${secretNames.webhook}: the secret of the GitHub webhook`] : []),
    ...(tokens.length === 0 || tokens.length < pairs.length
      ? [
          `${secretNames.tokens}: name=token pairs with a comma between them, each token of 16 characters or more`,
        ]
      : []),
  ];
  const token = env[secretNames.slackToken] || null;
  const signingSecrets = list(secretNames.slackSigning);
  const slack = token !== null && signingSecrets.length > 0 ? { token, signingSecrets } : null;
  const slackMissing =
    needs.slack && slack === null
      ? [
          `${secretNames.slackToken} and ${secretNames.slackSigning}: the bot's token and the app's signing secret`,
        ]
      : [];
  const githubAppKey = env[secretNames.githubApp] || null;
  const keyMissing =
    needs.githubApp && githubAppKey === null
      ? [`${secretNames.githubApp}: the private key of the GitHub App, the text of its .pem file`]
      : [];
  const allMissing = [...missing, ...slackMissing, ...keyMissing];
  if (allMissing.length > 0) return { missing: allMissing };
  return {
    webhookSecrets,
    tokens,
    slack,
    githubToken: env[secretNames.github] || null,
    githubAppKey,
    sessionSecret: env[secretNames.session] || null,
  };
}
