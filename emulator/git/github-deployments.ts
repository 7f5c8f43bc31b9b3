import { Hono } from "hono";
import { commitOf } from "./commit-reading.ts";
import {
  bodyOf,
  type GithubContext,
  type GithubEnv,
  notFound,
  page,
  unprocessable,
  validationFailed,
} from "./github-answer.ts";
import type { GithubRecord, GithubRecords } from "./github-records.ts";

const commitStates = ["error", "failure", "pending", "success"];
const deploymentStates = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"];

/** Commit statuses, deployments and deployment statuses. */
export function deploymentRoutes(records: GithubRecords): Hono<GithubEnv> {
  const routes = new Hono<GithubEnv>();
  routes.post("/statuses/:sha", (context) => addStatus(context, records));
  routes.get("/commits/:sha/statuses", (context) => {
    const sha = context.req.param("sha");
    const found = records.list("status", context.get("place").fullName, sha);
    return context.json(page(context, found).map((record) => payload(context, record)));
  });
  routes.post("/deployments", (context) => addDeployment(context, records));
  routes.get("/deployments", (context) => {
    const wanted = ["ref", "sha", "environment"].flatMap((key) => {
      const value = context.req.query(key);
      return value === undefined ? [] : [[key, value] as const];
    });
    const found = records
      .list("deployment", context.get("place").fullName)
      .map((record) => payload(context, record))
      .filter((deployment) => wanted.every(([key, value]) => deployment[key] === value));
    return context.json(page(context, found));
  });
  routes.get("/deployments/:id", (context) => {
    const found = deploymentOf(context, records);
    return found === undefined ? notFound(context) : context.json(payload(context, found));
  });
  routes.post("/deployments/:id/statuses", (context) => addDeploymentStatus(context, records));
  routes.get("/deployments/:id/statuses", (context) => {
    const found = records.list("deployment-status", context.get("place").fullName, context.req.param("id"));
    return context.json(page(context, found).map((record) => payload(context, record)));
  });
  return routes;
}

async function addStatus(context: GithubContext, records: GithubRecords): Promise<Response> {
  const { fullName, directory } = context.get("place");
  const sha = context.req.param("sha") ?? "";
  const body = await bodyOf(context);
  if (!commitStates.includes(String(body["state"]))) return validationFailed(context, "Status", "state");
  if (String(body["description"] ?? "").length > 140)
    return validationFailed(context, "Status", "description");
  if ((await commitOf(directory, sha)) !== sha)
    return unprocessable(context, `No commit found for SHA: ${sha}`);
  const status = { target_url: null, description: null, context: "default", ...body };
  const record = await records.add({ kind: "status", repository: fullName, subject: sha, body: status });
  return context.json(payload(context, record), 201);
}

async function addDeployment(context: GithubContext, records: GithubRecords): Promise<Response> {
  const { fullName, directory } = context.get("place");
  const body = await bodyOf(context);
  const ref = String(body["ref"] ?? "");
  const sha = await commitOf(directory, ref);
  if (sha === null) return unprocessable(context, `No ref found for: ${ref}`);
  const deployment = {
    task: "deploy",
    payload: {},
    environment: "production",
    description: null,
    ...body,
    sha,
  };
  const record = await records.add({
    kind: "deployment",
    repository: fullName,
    subject: sha,
    body: deployment,
  });
  return context.json(payload(context, record), 201);
}

async function addDeploymentStatus(context: GithubContext, records: GithubRecords): Promise<Response> {
  const deployment = deploymentOf(context, records);
  if (deployment === undefined) return notFound(context);
  const body = await bodyOf(context);
  if (!deploymentStates.includes(String(body["state"])))
    return validationFailed(context, "DeploymentStatus", "state");
  const record = await records.add({
    kind: "deployment-status",
    repository: deployment.repository,
    subject: String(deployment.id),
    body: { description: "", environment_url: "", log_url: "", ...body },
  });
  return context.json(payload(context, record), 201);
}

function deploymentOf(context: GithubContext, records: GithubRecords): GithubRecord | undefined {
  const id = Number(context.req.param("id"));
  return records.list("deployment", context.get("place").fullName).find((record) => record.id === id);
}

function payload(context: GithubContext, record: GithubRecord): Readonly<Record<string, unknown>> {
  const { baseUrl, fullName } = context.get("place");
  const base = `${baseUrl}/repos/${fullName}`;
  const links: Readonly<Record<GithubRecord["kind"], object>> = {
    status: { url: `${base}/statuses/${record.subject}` },
    deployment: {
      url: `${base}/deployments/${record.id}`,
      statuses_url: `${base}/deployments/${record.id}/statuses`,
    },
    "deployment-status": {
      url: `${base}/deployments/${record.subject}/statuses/${record.id}`,
      deployment_url: `${base}/deployments/${record.subject}`,
    },
  };
  const { id, created_at, body, kind } = record;
  return { ...body, id, created_at, updated_at: created_at, creator: { login: "local" }, ...links[kind] };
}
