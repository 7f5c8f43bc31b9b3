import { Hono } from "hono";
import { repositoryDirectory, repositoryExists } from "./bare-repository.ts";
import { type GithubEnv, notFound } from "./github-answer.ts";
import { contentRoutes } from "./github-contents.ts";
import { deploymentRoutes } from "./github-deployments.ts";
import { hookRoutes } from "./github-hooks.ts";
import type { GithubRecords } from "./github-records.ts";
import { refRoutes } from "./github-refs.ts";
import { repositoryPayload } from "./push-event.ts";
import type { GitFaults, WebhookSender } from "./webhook-delivery.ts";

export type GithubApiOptions = Readonly<{
  root: string;
  baseUrl: () => string;
  webhooks: WebhookSender;
  records: GithubRecords;
  faults: GitFaults;
}>;

/** The part of GitHub's REST API (version 2022-11-28) that a deploy tool asks for, over the local repositories. */
export function githubApi(options: GithubApiOptions): Hono<GithubEnv> {
  const { root, baseUrl, webhooks, records, faults } = options;
  const api = new Hono<GithubEnv>();
  api.use("/repos/:owner/:name/*", async (context, next) => {
    if (faults.take("api-unavailable") !== null)
      return context.json({ message: "No server is currently available to service your request." }, 503);
    const fullName = `${context.req.param("owner")}/${context.req.param("name")}`;
    const directory = repositoryDirectory(root, fullName);
    if (directory === null || !(await repositoryExists(directory))) return notFound(context);
    context.set("place", { fullName, directory, baseUrl: baseUrl() });
    context.header("x-github-media-type", "github.v3; format=json");
    return next();
  });
  api.get("/repos/:owner/:name", (context) => context.json(repositoryPayload(context.get("place"))));
  api.route("/repos/:owner/:name", deploymentRoutes(records));
  api.route("/repos/:owner/:name", contentRoutes());
  api.route("/repos/:owner/:name", refRoutes());
  api.route("/repos/:owner/:name", hookRoutes(webhooks));
  api.onError((error, context) => context.json({ message: "Server Error", error: error.message }, 500));
  api.notFound((context) => notFound(context));
  return api;
}
