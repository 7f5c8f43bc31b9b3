import { parse } from "yaml";
import { z } from "zod";
import type { CliIo } from "../cli-io.ts";
import { appManifest } from "../slack/app-manifest.ts";
import { type Finding, findings } from "./finding.ts";

/** Slack, as whom, and the workspaces that the server takes clicks from. */
export type SlackTarget = Readonly<{ api: string; token: string | null; teams: readonly string[] }>;

const testShape = z.object({
  ok: z.boolean(),
  error: z.string().optional(),
  team_id: z.string().optional(),
  team: z.string().optional(),
  user: z.string().optional(),
});

const manifestShape = z.object({
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
});

const timeoutMs = 10_000;

/** The bot's token: accepted, of a workspace that the server knows, and with every scope of the manifest. */
export async function checkSlack(
  { fetch: send }: Pick<CliIo, "fetch">,
  target: SlackTarget,
): Promise<readonly Finding[]> {
  const { api, token, teams } = target;
  const { broken, unknown, ok } = findings("slack");
  if (token === null)
    return [
      unknown(
        "Slack is not asked: GANTRY_SLACK_TOKEN is not set",
        "Whether its token is good is not known.",
        "export GANTRY_SLACK_TOKEN=xoxb-…",
      ),
    ];
  const answer = await send(`${api.replace(/\/+$/, "")}/auth.test`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(timeoutMs),
  }).catch(() => null);
  const told = testShape.safeParse(await answer?.json().catch(() => null));
  if (answer === null || !told.success)
    return [unknown("Slack gives no answer that can be read", "", "gantry doctor")];
  const { ok: isAccepted, error = "", team_id: team = "", user = "" } = told.data;
  if (!isAccepted) {
    const add = "gcloud secrets versions add gantry-slack-token --data-file=FILE";
    const restart = "another settings_version, then: terraform apply";
    return [
      broken(
        `Slack does not accept the token: ${error}`,
        "Releases go on; what needs a yes in Slack waits.",
        add,
        restart,
      ),
    ];
  }
  const problems = [...teamFindings(team, teams), ...scopeFindings(answer.headers.get("x-oauth-scopes"))];
  return problems.length > 0
    ? problems
    : [ok(`Slack knows the bot as @${user} of ${told.data.team ?? team}`)];
}

function teamFindings(team: string, teams: readonly string[]): readonly Finding[] {
  if (teams.length === 0 || teams.includes(team)) return [];
  const means = "Clicks that come from there are turned away.";
  return [
    findings("slack").broken(
      `the token is of the workspace ${team}, which gantry.server.yaml does not name`,
      means,
      `slack: { teams: [${[...teams, team].join(", ")}] }`,
    ),
  ];
}

/** Slack names the scopes of a token in a header of every answer: https://docs.slack.dev/apis/web-api/ */
function scopeFindings(header: string | null): readonly Finding[] {
  const { broken, unknown } = findings("slack");
  if (header === null) return [unknown("Slack does not say which scopes the token has", "")];
  const has = new Set(header.split(",").map((scope) => scope.trim()));
  const missing = wantedScopes().filter((scope) => !has.has(scope));
  if (missing.length === 0) return [];
  return [
    broken(
      `the Slack app lacks ${missing.join(", ")}`,
      "What needs them is refused by Slack.",
      "gantry slack manifest --url https://GANTRY",
    ),
  ];
}

function wantedScopes(): readonly string[] {
  return manifestShape.parse(parse(appManifest({ url: "https://gantry.invalid" }))).oauth_config.scopes.bot;
}
