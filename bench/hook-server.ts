import type { Engine } from "../cli/runtime/engine.ts";
import { createApp } from "../service/app.ts";
import { type RunningServer, startServer } from "../service/server.ts";
import { defaultStream, type SlackDeps } from "../service/service-deps.ts";
import { readCost } from "../shared/usecases/cost.ts";
import { createFreezeDesk } from "../shared/usecases/freeze-desk.ts";

/** Gantry's HTTP process before this engine, on a free port; it takes webhooks that are signed with the secret, and clicks where there is a Slack. */
export function startHookServer(
  engine: Pick<Engine, "deps" | "desk" | "onCommit">,
  secret: string,
  slack: SlackDeps | null = null,
): Promise<RunningServer> {
  const { store, bus, clock, log, ids, run } = engine.deps;
  const app = createApp({
    desk: engine.desk,
    freezes: createFreezeDesk(engine.deps),
    store,
    bus,
    clock,
    log,
    ids,
    slack,
    github: { secrets: [secret] },
    tokens: [],
    people: null,
    sessionSecret: null,
    repositories: [],
    version: "bench",
    mode: "local",
    publicUrl: null,
    traffic: (service) => run.readService(service),
    trafficWithinMs: 1_000,
    cost: (request) => readCost(engine.deps, request),
    onCommit: engine.onCommit,
    stream: defaultStream,
  });
  return startServer({ app, host: "127.0.0.1", port: 0 });
}
