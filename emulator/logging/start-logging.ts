import { serve } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { FaultSwitches, faultRoutes } from "../build/fault-switches.ts";
import { type LogSources, listEntries, RestError } from "./list-entries.ts";

/** Everything that can be made to go wrong with logs, by name, with what it does. */
export const LOG_FAULTS = {
  "logs-unavailable": "every call answers 503 UNAVAILABLE",
  "logs-busy": "a call answers 429 RESOURCE_EXHAUSTED",
} as const;

export type LogFaultName = keyof typeof LOG_FAULTS;

const names: readonly LogFaultName[] = ["logs-unavailable", "logs-busy"];

export type LoggingOptions = Readonly<{
  sources: LogSources;
  /** Fault switches of other parts that have no HTTP of their own, by name of the part. */
  others?: Readonly<Record<string, Hono>>;
  host?: string;
  port?: number;
}>;

export type Logging = Readonly<{
  url: string;
  faults: FaultSwitches<LogFaultName>;
  close(): Promise<void>;
}>;

/** Starts the local Cloud Logging: `POST /v2/entries:list` over what revisions and builds really wrote. */
export async function startLogging(options: LoggingOptions): Promise<Logging> {
  const { sources, others = {}, host = "127.0.0.1", port = 0 } = options;
  const faults = new FaultSwitches(names, ["logs-unavailable"]);
  const app = new Hono();
  app.route("/_cloud/logging/faults", faultRoutes(faults));
  for (const [part, routes] of Object.entries(others)) app.route(`/_cloud/${part}/faults`, routes);
  app.post("/v2/entries:list", async (context) => {
    if (faults.take("logs-unavailable") !== null)
      throw new RestError(503, "UNAVAILABLE", "The service is currently unavailable.");
    if (faults.take("logs-busy") !== null)
      throw new RestError(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Read requests'.");
    return context.json(await listEntries(sources, await context.req.json().catch(() => null)));
  });
  app.notFound((context) => refusal(context, new RestError(404, "NOT_FOUND", "Method not found.")));
  app.onError((error, context) => {
    if (error instanceof RestError) return refusal(context, error);
    throw error;
  });
  const server = await listen(app, host, port);
  return { url: `http://${host}:${server.port}`, faults, close: server.close };
}

function refusal(context: Context, { status, reason, message }: RestError): Response {
  return context.json({ error: { code: status, message, status: reason } }, status);
}

function listen(app: Hono, host: string, port: number) {
  return new Promise<Readonly<{ port: number; close: () => Promise<void> }>>((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, (info) => {
      const close = () => new Promise<void>((closed) => server.close(() => closed()));
      resolve({ port: info.port, close });
    });
    server.once("error", reject);
  });
}
