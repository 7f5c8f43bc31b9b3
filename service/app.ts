import { type Handler, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { AppError } from "../shared/ports/app-error.ts";
import { apiGuard } from "./access/guard.ts";
import { createSessions } from "./access/session.ts";
import { createApi } from "./api/endpoints.ts";
import { createTrafficReader } from "./api/traffic-reading.ts";
import { createConsole } from "./console/routes.tsx";
import { githubHook } from "./hooks/github.ts";
import { pubsubHook } from "./hooks/pubsub.ts";
import { slackHook } from "./hooks/slack.ts";
import { metricsRoute } from "./metrics.ts";
import { problem } from "./problem.ts";
import { requestLog } from "./request-log.ts";
import { securityHeaders } from "./security-headers.ts";
import type { AppEnv, ServiceDeps } from "./service-deps.ts";

/**
 * Google answers `/healthz` of a `run.app` address itself, with 404; some paths that end in z are reserved
 * (https://cloud.google.com/run/docs/known-issues).
 */
const healthPaths = ["/healthz", "/health"] as const;

const hookBytes = 1_048_576;
const formBytes = 65_536;
const pushBytes = 16_777_216; // a message of 10 MB in base64, and what lies around it; held in memory, so never before trust

/** The HTTP process: hooks, API, console and health, with nothing that waits for the cloud longer than it is told. */
export function createApp(deps: ServiceDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const sessions = createSessions(deps);
  const traffic = createTrafficReader(deps);
  addBasics(app, deps);
  app.post("/hooks/github", capped(hookBytes), githubHook(deps));
  app.post("/hooks/slack", capped(hookBytes), slackHook(deps));
  const pushed = pubsubHook(deps);
  app.post("/hooks/pubsub/:topic", pushed.guard, capped(pushBytes), pushed.handler);
  for (const path of healthPaths) app.get(path, health(deps));
  app.use("*", settling(deps));
  app.use("/api/*", neverStored, capped(formBytes), apiGuard(deps, sessions));
  app.route("/api/v1", createApi(deps, traffic));
  const metrics = metricsRoute(deps, apiGuard(deps, sessions));
  app.get("/metrics", neverStored, metrics.guard, metrics.handler);
  app.use("*", capped(formBytes));
  app.route("/", createConsole(deps, { sessions, traffic }));
  addEnds(app, deps);
  return app;
}

/** Whether the store answers. */
function health({ store, version }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    await store.lastPosition();
    return c.json({ status: "ok", version });
  };
}

function addBasics(app: Hono<AppEnv>, deps: ServiceDeps): void {
  app.use(requestId({ limitLength: 64, generator: () => deps.ids.short() }));
  app.use(requestLog(deps));
  app.use(securityHeaders());
  const onMethodNotAllowed = (c: Parameters<typeof problem>[0], methods: readonly string[]) => {
    c.header("allow", methods.join(", "));
    const detail = `${c.req.method} is not possible here; ${methods.join(", ")} are.`;
    return problem(c, { code: "method-not-allowed", detail, next: "GET /api/v1 names every endpoint." });
  };
  app.use(methodNotAllowed<AppEnv>({ app, onMethodNotAllowed }));
}

/**
 * What a command committed is published before its answer goes. Cloud Run gives a process no CPU once nothing is left to answer
 * (https://cloud.google.com/run/docs/configuring/billing-settings).
 */
function settling({ settle }: ServiceDeps) {
  return createMiddleware<AppEnv>(async (c, next) => {
    await next();
    if (settle && !readingMethods.includes(c.req.method)) await settle();
  });
}

const readingMethods: readonly string[] = ["GET", "HEAD", "OPTIONS"];

const neverStored = createMiddleware<AppEnv>(async (c, next) => {
  c.header("cache-control", "no-store");
  return next();
});

/** Holds a body that has no length in memory until its end or the cap: before a check of who sends it, only a small one. */
function capped(maxSize: number) {
  return bodyLimit({
    maxSize,
    onError: (c) => {
      c.header("connection", "close");
      const detail = `A body may have ${maxSize} bytes at most.`;
      return problem(c, { code: "body-too-large", detail, next: "Send less." });
    },
  });
}

function addEnds(app: Hono<AppEnv>, { log }: ServiceDeps): void {
  app.notFound((c) => {
    const detail = `Nothing answers at ${c.req.path}.`;
    return problem(c, { code: "not-found", detail, next: "GET /api/v1 names every endpoint." });
  });
  app.onError((error, c) => {
    log.error({ requestId: c.get("requestId"), error: error.stack ?? String(error) }, "A request failed.");
    if (error instanceof AppError && error.transient) {
      return problem(c, { code: "unavailable", detail: error.message, next: "Try again in a moment." });
    }
    const detail = `It is noted in the log under the request id ${c.get("requestId")}.`;
    return problem(c, { code: "internal", detail, next: "Try again; if it stays, look at the log." });
  });
}
