import { z } from "zod";
import { appAssertion, type GitHubApp } from "../../shared/adapters/github/app-tokens.ts";
import type { Clock } from "../../shared/ports/system.ts";
import type { CliIo } from "../cli-io.ts";
import { type Finding, findings } from "./finding.ts";
import { type GitHubApi, githubApi } from "./github-api.ts";

/** Who goes to GitHub, for which repository, and whether releases are told there. */
export type ForgeAsker = Readonly<{
  baseUrl: string;
  token: string | null;
  app: Omit<GitHubApp, "installation"> | null;
  repository: string;
  reports: boolean;
}>;

/** One thing that Gantry does on GitHub, and who may: an app with the permission, a classic token with one of the scopes. */
type Deed = Readonly<{
  does: string;
  permission: "contents" | "deployments" | "statuses";
  level: "read" | "write";
  named: string; // in GitHub's settings
  scopes: readonly string[];
  /** Where a fine-grained token is told whether it may read such things. */
  look: string;
}>;

const reading: Deed = {
  does: "read gantry.yaml and list tags",
  permission: "contents",
  level: "read",
  named: "Contents: read",
  scopes: ["repo"],
  look: "/contents/gantry.yaml",
};

const telling: readonly Deed[] = [
  {
    does: "tell of deployments",
    permission: "deployments",
    level: "write",
    named: "Deployments: read and write",
    scopes: ["repo", "repo_deployment"],
    look: "/deployments?per_page=1",
  },
  {
    does: "tell beside the commit",
    permission: "statuses",
    level: "write",
    named: "Commit statuses: read and write",
    scopes: ["repo", "repo:status"],
    look: "/commits/HEAD/statuses?per_page=1",
  },
];

const { ok, warning, broken, unknown } = findings("github-rights");

/** Whether Gantry may do on GitHub what it does, as far as GitHub tells without anything being written. */
export async function checkForgeRights(
  io: Pick<CliIo, "fetch"> & Readonly<{ clock: Pick<Clock, "now"> }>,
  asker: ForgeAsker,
): Promise<readonly Finding[]> {
  const deeds = asker.reports ? [reading, ...telling] : [reading];
  if (asker.app !== null) return appFindings(io, asker, { app: asker.app, deeds });
  if (asker.token === null) return [];
  const api = githubApi(io, { ...asker, bearer: asker.token });
  const repository = await api("", z.object({ private: z.boolean() }));
  if (repository.status === 401 || repository.status === 0) return []; // the check of the webhook says so
  if (repository.value === null)
    return [
      broken(
        `the GitHub token does not see ${asker.repository}`,
        "No gantry.yaml is read, so no release begins.",
        `open ${tokens}   # add the repository, with ${reading.named}`,
      ),
    ];
  return repository.scopes === null
    ? fineGrained(api, asker, deeds)
    : classic(repository.scopes, { asker, deeds, isPrivate: repository.value.private });
}

const tokens = "https://github.com/settings/personal-access-tokens";

function lack({ does, permission, named }: Deed, who: string, next: string): Finding {
  const what = `${who} may not ${does}`;
  if (permission === "contents")
    return broken(what, `No gantry.yaml is read, so no release begins. It needs ${named}.`, next);
  return warning(what, `Releases go on, and GitHub does not show it. It needs ${named}.`, next);
}

const installationShape = z.object({ permissions: z.record(z.string(), z.string()) });

type AsApp = Readonly<{ app: NonNullable<ForgeAsker["app"]>; deeds: readonly Deed[] }>;

/** https://docs.github.com/en/rest/apps/apps#get-a-repository-installation-for-the-authenticated-app */
async function appFindings(
  io: Pick<CliIo, "fetch"> & Readonly<{ clock: Pick<Clock, "now"> }>,
  { baseUrl, repository }: ForgeAsker,
  { app, deeds }: AsApp,
): Promise<readonly Finding[]> {
  const bearer = await appAssertion(app, io.clock).catch((error: unknown) => error);
  if (typeof bearer !== "string") {
    const why = bearer instanceof Error ? bearer.message : String(bearer);
    return [
      broken(
        "the key of the GitHub App cannot be read",
        why,
        'export GANTRY_GITHUB_APP_KEY="$(cat KEY.pem)"',
      ),
    ];
  }
  const { status, value } = await githubApi(io, { baseUrl, repository, bearer })(
    "/installation",
    installationShape,
  );
  const settings = "open https://github.com/settings/apps   # the app, then: Install App";
  if (status === 401)
    return [broken("GitHub does not accept the key of the app", "No release begins.", settings)];
  if (status === 404)
    return [broken(`the GitHub App is not installed on ${repository}`, "No release begins.", settings)];
  if (value === null)
    return [
      unknown(
        `GitHub answers ${status || "nothing"} about the app`,
        "Its permissions are not known.",
        "gantry doctor",
      ),
    ];
  const missing = deeds.filter(({ permission, level }) => !suffices(value.permissions[permission], level));
  const next =
    "open https://github.com/settings/apps   # the app, then: Permissions & events; whoever installed it accepts";
  return missing.length === 0
    ? [ok(`the GitHub App may ${deeds.map(({ does }) => does).join(", ")}`)]
    : missing.map((deed) => lack(deed, "the GitHub App", next));
}

function suffices(held: string | undefined, level: Deed["level"]): boolean {
  return held === "write" || held === "admin" || held === level;
}

type Classic = Readonly<{ asker: ForgeAsker; deeds: readonly Deed[]; isPrivate: boolean }>;

/** What is public may be read without a scope, and `public_repo` is enough to write there. */
function classic(scopes: readonly string[], { asker, deeds, isPrivate }: Classic): readonly Finding[] {
  const missing = deeds.filter((deed) => {
    const enough = isPrivate ? deed.scopes : [...deed.scopes, "public_repo"];
    const isOpen = !isPrivate && deed.level === "read";
    return !isOpen && !enough.some((scope) => scopes.includes(scope));
  });
  const who = `the GitHub token, with the scopes ${scopes.join(", ") || "(none)"},`;
  return missing.length === 0
    ? [ok(`the GitHub token may ${deeds.map(({ does }) => does).join(", ")} in ${asker.repository}`)]
    : missing.map((deed) => lack(deed, who, "open https://github.com/settings/tokens   # the scope repo"));
}

/** GitHub tells nobody what such a token may write; whether it may read is asked. */
async function fineGrained(
  api: GitHubApi,
  { repository, reports }: ForgeAsker,
  deeds: readonly Deed[],
): Promise<readonly Finding[]> {
  const answers = await Promise.all(deeds.map(({ look }) => api(look, z.unknown())));
  const denied = deeds.filter((_deed, index) => answers[index]?.status === 403);
  const lacking = denied.map((deed) => lack(deed, "the GitHub token", `open ${tokens}   # ${deed.named}`));
  if (!reports || denied.some(({ level }) => level === "write"))
    return lacking.length > 0 ? lacking : [ok(`the GitHub token reads ${repository}`)];
  return [
    ...lacking,
    unknown(
      `whether the GitHub token may write deployments and commit statuses in ${repository}`,
      "GitHub tells what a fine-grained token may read, and not what it may write. A refusal is logged, and shown here.",
      `open ${tokens}   # ${telling.map(({ named }) => named).join("; ")}`,
    ),
  ];
}
