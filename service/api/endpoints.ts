import { type Handler, Hono } from "hono";
import type { ServiceKey } from "../../shared/domain/ids.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { showCost } from "./cost.ts";
import { listDeadLetters, replayDeadLetter } from "./dead-letters.ts";
import { createEventPulse } from "./event-pulse.ts";
import { eventStream } from "./event-stream.ts";
import { liftFreeze, listFreezes, setFreeze } from "./freezes.ts";
import { freeOne, listQuarantine } from "./quarantine.ts";
import { listRefusals, showRefusal } from "./refusals.ts";
import { decideOne, requestRelease, rollBackOne } from "./release-commands.ts";
import { explainOne, listReleases, showRelease, showReleaseEvents } from "./releases.ts";
import { listServices, showService } from "./services.ts";
import type { TrafficReading } from "./traffic-reading.ts";
import { coolOne, warmOne } from "./warmth.ts";

type Endpoint = Readonly<{
  method: "GET" | "POST" | "DELETE";
  path: string;
  does: string;
  handler: Handler<AppEnv>;
}>;

type Traffic = (service: ServiceKey) => Promise<TrafficReading>;

/** Everything that can be read. */
function readings(deps: ServiceDeps, traffic: Traffic): readonly Endpoint[] {
  const get = (path: string, does: string, handler: Handler<AppEnv>) =>
    ({ method: "GET", path, does, handler }) as const;
  return [
    get("/services", "all services", listServices(deps)),
    get("/services/:project/:region/:name", "one service with its traffic", showService(deps, traffic)),
    get(
      "/services/:project/:region/:name/quarantine",
      "images that may not come again",
      listQuarantine(deps),
    ),
    get("/services/:project/:region/:name/cost", "what it costs, by mode; ?days=", showCost(deps)),
    get("/releases", "releases, newest first; ?service= ?limit= ?cursor=", listReleases(deps)),
    get("/releases/:id", "one release", showRelease(deps)),
    get("/releases/:id/events", "what happened to it", showReleaseEvents(deps)),
    get("/releases/:id/explain", "what happened, what it means, why, what next", explainOne(deps)),
    get("/refusals", "requests that were refused, newest first; ?limit=", listRefusals(deps)),
    get("/refusals/:id", "one refusal", showRefusal(deps)),
    get("/freezes", "who stopped what, until when and why; ?all=true", listFreezes(deps)),
    get("/deadletters", "messages that were given up; ?limit=", listDeadLetters(deps)),
    get("/events", "all events as they happen (SSE); ?after=", eventStream(deps, createEventPulse(deps))),
  ];
}

/** Everything that changes something; each needs the role operator. */
function commands(deps: ServiceDeps): readonly Endpoint[] {
  const post = (path: string, does: string, handler: Handler<AppEnv>) =>
    ({ method: "POST", path, does, handler }) as const;
  return [
    post(
      "/releases",
      "ask for a release: {repository?, tag?, image?, commit?, despiteFreeze?}",
      requestRelease(deps),
    ),
    post("/releases/:id/cancel", "cancel it: {reason?}", decideOne(deps, "cancel")),
    post("/releases/:id/approve", "approve it: {approvalId}", decideOne(deps, "approve")),
    post("/releases/:id/reject", "reject it: {approvalId, reason?}", decideOne(deps, "reject")),
    post("/releases/:id/pause", "take no further step, and watch on", decideOne(deps, "pause")),
    post("/releases/:id/resume", "take the steps again", decideOne(deps, "resume")),
    post("/releases/:id/promote", "take the last step next", decideOne(deps, "promote")),
    post("/services/:project/:region/:name/rollback", "roll back: {to?, reason?}", rollBackOne(deps)),
    post("/services/:project/:region/:name/warm", "keep it warm now: {for?}", warmOne(deps)),
    post("/services/:project/:region/:name/cool", "keep it warm no longer", coolOne(deps)),
    post("/services/:project/:region/:name/quarantine/:digest/free", "let it come again", freeOne(deps)),
    post("/freezes", "release nothing new: {service, reason, until? | for?, from?, zone?}", setFreeze(deps)),
    { method: "DELETE", path: "/freezes/:id", does: "lift it: {reason?}", handler: liftFreeze(deps) },
    post("/deadletters/:id/replay", "deliver it again", replayDeadLetter(deps)),
  ];
}

const braced = (path: string): string => `/api/v1${path.replaceAll(/:(\w+)/g, "{$1}")}`;

/** The API below `/api/v1`; `GET /` names every endpoint that there is. */
export function createApi(deps: ServiceDeps, traffic: Traffic): Hono<AppEnv> {
  const api = new Hono<AppEnv>();
  const endpoints = [...readings(deps, traffic), ...commands(deps)];
  for (const { method, path, handler } of endpoints) api.on(method, path, handler);
  const listed = endpoints.map(({ method, path, does }) => ({ method, path: braced(path), does }));
  api.get("/", (c) => c.json({ name: "gantry", version: deps.version, mode: deps.mode, endpoints: listed }));
  return api;
}
