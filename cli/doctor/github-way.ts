import { z } from "zod";
import { type GitHubWay, secretParts } from "../../shared/install/google-parts.ts";
import type { ServerSettings } from "../serve/server-settings.ts";
import type { GoogleApi } from "./google-api.ts";

/**
 * As whom an installation goes to GitHub: the settings say it of an app, and the secrets that are there of all else. Where
 * Google does not say that a secret is missing it counts as there, and its own check tells why it was not seen.
 */
export async function githubWay(
  api: GoogleApi,
  { project, server }: Readonly<{ project: string; server: ServerSettings | null }>,
): Promise<GitHubWay> {
  if (server?.github.app !== undefined) return "app";
  if (!(await isMissing(api, project, "github"))) return "token";
  return server === null && !(await isMissing(api, project, "githubApp")) ? "app" : "none";
}

async function isMissing(api: GoogleApi, project: string, name: "github" | "githubApp"): Promise<boolean> {
  const secret = `projects/${project}/secrets/${secretParts[name].id}`;
  const answer = await api.get(`secretmanager.googleapis.com/v1/${secret}/versions?pageSize=1`, z.object({}));
  return !answer.ok && answer.kind === "missing";
}
