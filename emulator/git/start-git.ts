import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { FaultSwitches, faultRoutes } from "../build/fault-switches.ts";
import { ensureRepository, refreshHooks, repositoryConnectedAs } from "./bare-repository.ts";
import { githubApi } from "./github-api.ts";
import { GithubRecords } from "./github-records.ts";
import { addressFile } from "./post-receive-hook.ts";
import { pushRoutes } from "./push-reception.ts";
import { SmartHttp } from "./smart-http.ts";
import {
  type Delivery,
  type GitFaults,
  gitFaultNames,
  standingGitFaults,
  WebhookSender,
  type WebhookTarget,
} from "./webhook-delivery.ts";

export type GitOptions = Readonly<{
  /** Folder of all repositories: `<root>/<owner>/<name>.git`. */
  root: string;
  host?: string;
  port?: number;
  /** Where the webhook goes, asked anew for each; null while nobody listens. */
  webhook: () => WebhookTarget | null;
  /** Repositories to make if they are missing: `owner/name`. */
  repositories?: readonly string[];
}>;

export type GitServer = Readonly<{
  host: string;
  port: number;
  /** Base of the REST API and of clone URLs. */
  url: string;
  faults: GitFaults;
  cloneUrl(repository: string): string;
  /** Clone URL of a repository by its full name in a connection, `…/repositories/OWNER-NAME`; null = there is none such. */
  connectedUrl(repository: string): Promise<string | null>;
  /** Makes `owner/name` if it is missing and answers the folder of the bare repository. */
  ensureRepository(repository: string): Promise<string>;
  /** The webhooks of a repository, newest first. */
  deliveries(repository: string): readonly Delivery[];
  /** Sends a past delivery again under its delivery id; null when there is none such. */
  redeliver(id: number): Promise<Delivery | null>;
  close(): Promise<void>;
}>;

/**
 * Starts the git remote: bare repositories that take pushes by path and over HTTP, GitHub's webhooks for them, and a
 * part of GitHub's REST API, all on one port. Faults under `/_cloud/git/faults`.
 */
export async function startGit(options: GitOptions): Promise<GitServer> {
  const root = resolve(options.root);
  const host = options.host ?? "127.0.0.1";
  await mkdir(root, { recursive: true });
  await refreshHooks(root);
  for (const repository of options.repositories ?? []) await ensureRepository(root, repository);
  const faults: GitFaults = new FaultSwitches(gitFaultNames, standingGitFaults);
  const webhooks = new WebhookSender(options.webhook, faults);
  const records = await GithubRecords.open(join(root, "github-records.json"));
  const smartHttp = new SmartHttp(root);
  let url = "";
  const baseUrl = (): string => url;
  const app = new Hono();
  app.route("/_cloud/git/faults", faultRoutes(faults));
  app.route("/_cloud/git/pushes", pushRoutes({ root, baseUrl, webhooks }));
  app.route("/", githubApi({ root, baseUrl, webhooks, records, faults }));
  const listener = getRequestListener(app.fetch);
  const server = createServer((request, response) => {
    if (smartHttp.matches(request.url ?? "")) smartHttp.answer(request, response);
    else void listener(request, response);
  });
  const port = await listen(server, host, options.port ?? 0);
  url = `http://${host}:${port}`;
  await writeFile(join(root, addressFile), JSON.stringify({ url }));
  return {
    host,
    port,
    url,
    faults,
    cloneUrl: (repository) => `${url}/${repository}.git`,
    connectedUrl: async (repository) => {
      const name = await repositoryConnectedAs(root, repository.split("/").at(-1) ?? "");
      return name === null ? null : `${url}/${name}.git`;
    },
    ensureRepository: (repository) => ensureRepository(root, repository),
    deliveries: (repository) => webhooks.deliveries(repository),
    redeliver: (id) => webhooks.redeliver(id),
    close: async () => {
      await rm(join(root, addressFile), { force: true });
      webhooks.close();
      smartHttp.close();
      await closeServer(server);
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolvePort, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolvePort((server.address() as AddressInfo).port));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((closed) => {
    server.close(() => closed());
    server.closeAllConnections();
  });
}
