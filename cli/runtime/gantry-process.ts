import { createApp } from "../../service/app.ts";
import { type RunningServer, startServer } from "../../service/server.ts";
import { type AccessToken, defaultStream, type SlackDeps } from "../../service/service-deps.ts";
import { prometheusOnDemand } from "../../shared/adapters/prometheus/prometheus-on-demand.ts";
import type { Policy } from "../../shared/domain/policy.ts";
import { readCost } from "../../shared/usecases/cost.ts";
import { createFreezeDesk } from "../../shared/usecases/freeze-desk.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import { googlePeople, type PeopleSettings } from "./google-people.ts";
import { metricsPage } from "./metrics-page.ts";

export type HttpOptions = Readonly<{
  host: string;
  port: number; // 0 = a free one
  /** What a request that names no repository may mean (else what the policy lists). */
  repositories?: readonly string[];
  githubSecrets: readonly string[];
  tokens: readonly AccessToken[];
  sessionSecret: string | null;
  /** Without it nobody comes but by a token. */
  people?: PeopleSettings;
  publicUrl: string | null;
  /** Null = no Slack. */
  slack: Omit<SlackDeps, "openView"> | null;
  version: string;
  mode: "local" | "serve";
}>;

/** Engine and HTTP in one process: all of Gantry on one file. */
export type GantryProcess = Readonly<{ engine: Engine; server: RunningServer; close: () => Promise<void> }>;

/** Work that runs when the process is asked to stop gets this long; what does not end goes on at the next start. */
const graceMs = 3_000;

const trafficWithinMs = 2_000;

/** A person who asked for something waits for the bus this much longer at most: what they asked for is committed. */
const publishedWithinMs = 3_000;

/** The repositories that the policy lists by name; none where it also has patterns, which may mean any other. */
function listedRepositories({ repositories }: Policy): readonly string[] {
  const names = [...new Set(repositories.map(({ repository }) => repository))];
  return names.some((name) => name.includes("*")) ? [] : names;
}

/** What the engine of a process is given by its HTTP. */
export type GivenToEngine = Required<Pick<EngineOptions, "consoleUrl" | "meters">>;

/** Opens an engine, then answers HTTP. Rejects, with nothing left running, when either cannot start. */
export async function startProcess(
  options: Readonly<{ open: (given: GivenToEngine) => Promise<Engine>; http: HttpOptions }>,
): Promise<GantryProcess> {
  let url = options.http.publicUrl ?? "";
  const prometheus = prometheusOnDemand();
  const engine = await options.open({ consoleUrl: () => url, meters: prometheus.meters });
  try {
    const { host, port, ...http } = options.http;
    const { settleWithin } = engine;
    const { store, bus, clock, log, ids, run, policy, chat } = engine.deps;
    const app = createApp({
      desk: engine.desk,
      freezes: createFreezeDesk(engine.deps),
      store,
      bus,
      clock,
      log,
      ids,
      github: { secrets: http.githubSecrets },
      slack: chat && http.slack ? { ...http.slack, openView: (view) => chat.openView(view) } : null,
      tokens: http.tokens,
      people: http.people ? googlePeople(http.people, { policy, clock }) : null,
      sessionSecret: http.sessionSecret,
      repositories: http.repositories ?? listedRepositories(policy),
      version: http.version,
      mode: http.mode,
      publicUrl: http.publicUrl,
      traffic: (service) => run.readService(service),
      trafficWithinMs,
      cost: (request) => readCost(engine.deps, request),
      onCommit: engine.onCommit,
      stream: defaultStream,
      ...(engine.pushes && { pushes: engine.pushes }),
      ...(settleWithin && { settle: () => settleWithin(publishedWithinMs) }),
      metrics: metricsPage(prometheus.open, engine),
    });
    const server = await startServer({ app, host, port });
    url = options.http.publicUrl ?? server.url;
    const close = async (): Promise<void> => {
      await server.close();
      await engine.close({ graceMs });
    };
    return { engine, server, close };
  } catch (error) {
    await engine.close({ graceMs: 0 });
    throw error;
  }
}
