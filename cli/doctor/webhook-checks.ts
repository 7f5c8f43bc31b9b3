import { z } from "zod";
import type { CliIo } from "../cli-io.ts";
import { type Finding, findings } from "./finding.ts";
import { githubApi } from "./github-api.ts";

/** GitHub, as whom, and which webhook should lead where. */
export type GitHubTarget = Readonly<{
  baseUrl: string;
  token: string | null;
  repository: string | null;
  publicUrl: string | null;
}>;

const hookShape = z.object({
  id: z.number(),
  active: z.boolean(),
  events: z.array(z.string()),
  config: z.object({
    url: z.string().default(""),
    content_type: z.string().default("form"),
    insecure_ssl: z.union([z.string(), z.number()]).default("0"),
    secret: z.string().optional(),
  }),
});

type Hook = z.output<typeof hookShape>;

const deliveryShape = z.object({
  status_code: z.number(),
  status: z.string(),
  delivered_at: z.string(),
  event: z.string(),
});

const timeoutMs = 10_000;

/** The webhook of the repository, and what came of its last deliveries. */
export async function checkGitHub(
  io: Pick<CliIo, "fetch">,
  target: GitHubTarget,
): Promise<readonly Finding[]> {
  const { baseUrl, token, repository, publicUrl } = target;
  const { unknown } = findings("github");
  if (repository === null)
    return [unknown("GitHub is not asked: no gantry.yaml names a repository", "", "gantry init")];
  if (token === null)
    return [
      unknown(
        "GitHub is not asked: GANTRY_GITHUB_TOKEN is not set",
        "Whether the webhook is there is not known.",
        "export GANTRY_GITHUB_TOKEN=…",
      ),
    ];
  const ask = githubApi(io, { baseUrl, repository, bearer: token });
  const hooks = await ask("/hooks?per_page=100", z.array(hookShape));
  if (hooks.value === null) return [hooksUnread(repository, hooks.status)];
  const fitting = hooks.value.filter(({ config }) => leadsTo(config.url, publicUrl));
  const [hook] = fitting;
  if (hook === undefined) return [noHook(repository, publicUrl)];
  const deliveries = await ask(`/hooks/${hook.id}/deliveries?per_page=10`, z.array(deliveryShape));
  const judged = [
    ...hookFindings(hook, repository),
    ...deliveryFindings(deliveries.value ?? [], hook, repository),
  ];
  return judged.length > 0
    ? judged
    : [findings("github").ok(`the webhook of ${repository} leads to ${hook.config.url}`)];
}

function leadsTo(url: string, publicUrl: string | null): boolean {
  return publicUrl === null
    ? url.endsWith("/hooks/github")
    : url === `${publicUrl.replace(/\/+$/, "")}/hooks/github`;
}

function hooksUnread(repository: string, status: number): Finding {
  const { broken, unknown } = findings("github");
  if (status === 401)
    return broken(
      "GitHub does not accept the token",
      "No gantry.yaml can be read with it.",
      "gcloud secrets versions add gantry-github-token --data-file=FILE",
      "another settings_version, then: terraform apply",
    );
  if (status === 404 || status === 403) {
    const what = `the token does not see the webhooks of ${repository}`;
    return unknown(
      what,
      "A fine-grained token needs Webhooks: read; a classic one admin:repo_hook.",
      `open https://github.com/${repository}/settings/hooks`,
    );
  }
  return unknown(
    `GitHub answers ${status === 0 ? "nothing" : status}`,
    "Whether the webhook is there is not known.",
    "gantry doctor",
  );
}

function noHook(repository: string, publicUrl: string | null): Finding {
  const where = publicUrl ?? "https://GANTRY";
  const command = `gh api repos/${repository}/hooks -f name=web -F active=true -f 'events[]=push' -f 'config[url]=${where}/hooks/github' -f 'config[content_type]=json' -f 'config[secret]=SECRET'`;
  return findings("github").broken(
    `${repository} has no webhook to ${where}/hooks/github`,
    "A pushed tag starts nothing until the sweep looks for it.",
    command,
  );
}

function hookFindings({ id, active, events, config }: Hook, repository: string): readonly Finding[] {
  const { broken } = findings("github");
  const patch = `gh api --method PATCH repos/${repository}/hooks/${id}`;
  const problems: readonly (Finding | false)[] = [
    !active && broken("the webhook is switched off", "GitHub sends nothing.", `${patch} -F active=true`),
    !events.includes("push") &&
      !events.includes("*") &&
      broken(
        "the webhook does not send pushes",
        "A pushed tag is not told.",
        `${patch} -f 'add_events[]=push'`,
      ),
    config.content_type !== "json" &&
      broken(
        `the webhook sends ${config.content_type}`,
        "Gantry reads application/json alone.",
        `${patch} -f 'config[content_type]=json'`,
      ),
    config.secret === undefined &&
      broken(
        "the webhook has no secret",
        "Gantry turns away what is not signed.",
        `${patch} -f 'config[secret]=SECRET'`,
      ),
    String(config.insecure_ssl) !== "0" &&
      broken(
        "the webhook does not check certificates",
        "Whoever stands between may read and change it.",
        `${patch} -f 'config[insecure_ssl]=0'`,
      ),
  ];
  return problems.filter((one) => one !== false);
}

/** The newest delivery counts: what failed before it was put right. */
function deliveryFindings(
  deliveries: readonly z.output<typeof deliveryShape>[],
  { id }: Hook,
  repository: string,
): readonly Finding[] {
  const [last] = deliveries;
  const { broken, warning } = findings("github");
  const look = `gh api repos/${repository}/hooks/${id}/deliveries`;
  if (last === undefined)
    return [
      warning(
        "the webhook never sent anything",
        "Whether it reaches Gantry is not known.",
        `gh api --method POST repos/${repository}/hooks/${id}/pings`,
      ),
    ];
  if (last.status_code >= 200 && last.status_code < 300) return [];
  const means =
    last.status_code === 401
      ? "Gantry does not accept its signature: the secrets differ."
      : "GitHub does not send it again by itself.";
  return [
    broken(
      `the last delivery (${last.event}, ${last.delivered_at}) was answered with ${last.status_code} ${last.status}`,
      means,
      look,
    ),
  ];
}

/** Whether Gantry answers where people and webhooks reach it. */
export async function checkAddress(
  { fetch: send }: Pick<CliIo, "fetch">,
  publicUrl: string | null,
): Promise<readonly Finding[]> {
  const { ok, broken, unknown } = findings("address");
  if (publicUrl === null)
    return [unknown("gantry.server.yaml names no publicUrl", "Whether Gantry answers is not looked at.")];
  const url = `${publicUrl.replace(/\/+$/, "")}/health`;
  const status = await send(url, { redirect: "error", signal: AbortSignal.timeout(timeoutMs) }).then(
    (answer) => answer.status,
    () => 0,
  );
  if (status === 200) return [ok(`Gantry answers at ${publicUrl}`)];
  const what = status === 0 ? `nobody answers at ${url}` : `${url} answers ${status}`;
  return [
    broken(
      what,
      "GitHub and Slack do not reach Gantry.",
      "gcloud run services describe gantry --region REGION",
    ),
  ];
}
