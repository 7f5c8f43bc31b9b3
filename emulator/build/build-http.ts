import { serve } from "@hono/node-server";
import { Hono } from "hono";
import type { BuildLogs } from "./build-log.ts";
import { restBuild } from "./build-message.ts";
import type { BuildFaults } from "./build-notifier.ts";
import type { BuildRegistry } from "./build-registry.ts";
import { faultRoutes } from "./fault-switches.ts";

type BuildHttpOptions = Readonly<{
  host: string;
  port: number;
  registry: BuildRegistry;
  logs: BuildLogs;
  faults: BuildFaults;
}>;

/** Serves logs (`/builds/:id/log`), builds in their REST form (`/builds`, `/builds/:id`) and `/_cloud/build/faults`. */
export async function startBuildHttp(
  options: BuildHttpOptions,
): Promise<Readonly<{ port: number; close(): Promise<void> }>> {
  const { registry, logs, faults } = options;
  const app = new Hono();
  app.route("/_cloud/build/faults", faultRoutes(faults));
  app.get("/builds", (context) => context.json({ builds: registry.all().map(restBuild) }));
  app.get("/builds/:id", (context) => {
    const build = registry.get(context.req.param("id"));
    return build === null ? context.json({ error: "no such build" }, 404) : context.json(restBuild(build));
  });
  app.get("/builds/:id/log", async (context) => {
    const id = context.req.param("id");
    return registry.get(id) === null
      ? context.text("no such build\n", 404)
      : context.text(await logs.read(id));
  });
  return listen(app, options);
}

function listen(app: Hono, { host, port }: BuildHttpOptions) {
  return new Promise<Readonly<{ port: number; close(): Promise<void> }>>((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, (info) => {
      const close = () => new Promise<void>((closed) => server.close(() => closed()));
      resolve({ port: info.port, close });
    });
    server.once("error", reject);
  });
}
