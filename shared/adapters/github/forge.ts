import { isRepositoryName } from "../../domain/ids.ts";
import { AppError } from "../../ports/app-error.ts";
import type { ForgeDeployment, ForgePort } from "../../ports/forge.ts";
import { createGitHubClient, type GitHubClient, type GitHubClientOptions } from "./client.ts";

const needs = {
  deployment: "write access to deployments",
  commit: "write access to commit statuses",
} as const;

/**
 * Tells GitHub of releases as deployments and commit statuses. A deployment is found again by the release id in its
 * payload. https://docs.github.com/en/rest/deployments/deployments
 */
export function createGitHubForge(options: GitHubClientOptions): ForgePort {
  const client = createGitHubClient(options);
  return {
    openDeployment: async (deployment) =>
      (deployment.mayExist ? await findDeployment(client, deployment) : null) ??
      openDeployment(client, deployment),
    tellDeployment: async ({
      repository,
      deployment,
      state,
      description,
      logUrl,
      environmentUrl,
      signal,
    }) => {
      const path = `${pathOf(repository)}/deployments/${encodeURIComponent(deployment)}/statuses`;
      const url = environmentUrl === null ? {} : { environment_url: environmentUrl };
      // Gantry knows which deployment another one took the place of; GitHub would only guess.
      const body = { state, description, log_url: logUrl, ...url, auto_inactive: false };
      await client.post({ path, body, needs: needs.deployment, signal });
    },
    tellCommit: async ({ repository, commit, context, state, description, url, signal }) => {
      const path = `${pathOf(repository)}/statuses/${commit}`;
      const body = { state, description, context, target_url: url };
      await client.post({ path, body, needs: needs.commit, signal });
    },
  };
}

/** Neither merges a branch nor waits for checks: what is released is decided by Gantry's own gate. */
async function openDeployment(client: GitHubClient, deployment: ForgeDeployment): Promise<string> {
  const { repository, commit, release, environment, description, signal } = deployment;
  const path = `${pathOf(repository)}/deployments`;
  const body = {
    ref: commit,
    task: "deploy",
    auto_merge: false,
    required_contexts: [],
    environment,
    production_environment: true,
    description,
    payload: { release },
  };
  const id = idIn(parsed(await client.post({ path, body, needs: needs.deployment, signal })));
  if (id !== null) return id;
  const message = "GitHub answered something that is not a deployment. Does the API address lead to GitHub?";
  throw new AppError({ code: "source-unavailable", message, transient: true, context: { path } });
}

async function findDeployment(client: GitHubClient, deployment: ForgeDeployment): Promise<string | null> {
  const { repository, commit, environment, release } = deployment;
  const query = new URLSearchParams({ sha: commit, environment, per_page: "100" });
  const path = `${pathOf(repository)}/deployments?${query}`;
  const accept = "application/vnd.github+json";
  const answer = await client.get({ path, accept, maxBytes: 4 * 1024 * 1024, absent: [] });
  const found: unknown = parsed(answer?.text ?? "");
  const all: readonly unknown[] = Array.isArray(found) ? found : [];
  return idIn(all.find((each) => releaseIn(each) === release));
}

function releaseIn(deployment: unknown): unknown {
  const payload = fieldsOf(deployment).get("payload");
  return fieldsOf(typeof payload === "string" ? parsed(payload) : payload).get("release");
}

function idIn(deployment: unknown): string | null {
  const id = fieldsOf(deployment).get("id");
  return typeof id === "number" ? String(id) : null;
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function pathOf(repository: string): string {
  if (isRepositoryName(repository)) return `/repos/${repository}`;
  const message = `${JSON.stringify(repository.slice(0, 100))} is not a repository: write owner/name.`;
  throw new AppError({ code: "source-denied", message, transient: false });
}
