import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { faultRoutes } from "../build/fault-switches.ts";
import { type Acting, actingAs, channelId } from "./acting.ts";
import { AppDelivery, type Delivery, type SlackTargets } from "./app-delivery.ts";
import { MessageJournal } from "./message-journal.ts";
import { type Message, MessageLog } from "./message-log.ts";
import { ModalViews } from "./modal-views.ts";
import { Notices } from "./notices.ts";
import { ownPagesOnly } from "./own-pages.ts";
import { channelPages } from "./page/channel-routes.tsx";
import { ResponseUrls, responseRoutes } from "./response-urls.ts";
import type { SlackCore } from "./slack-core.ts";
import { SlackFaults, setFault } from "./slack-faults.ts";
import { TriggerIds } from "./trigger-ids.ts";
import { webApi } from "./web-api.ts";
import { Directory, type Installation, seededWorkspace, type WorkspaceSeed } from "./workspace.ts";

/** What a bot may do that posts, answers commands, and looks people and groups up. */
export const usualScopes = [
  "chat:write",
  "chat:write.public",
  "commands",
  "channels:history",
  "channels:read",
  "reactions:write",
  "usergroups:read",
  "users:read",
] as const;

export type SlackOptions = Readonly<{
  host?: string;
  port?: number;
  /** Keeps the messages over a restart; without it they live in memory. */
  stateDirectory?: string;
  /** Where the app listens, asked anew for each payload; null while it does not. */
  targets: () => SlackTargets | null;
  signingSecret: string;
  botToken: string;
  teamId?: string;
  appId?: string;
  /** People, channels and groups in place of those that the workspace begins with. */
  seed?: Partial<WorkspaceSeed>;
  scopes?: readonly string[];
  /** How long the app may take to acknowledge; Slack waits 3000 ms. */
  ackTimeoutMs?: number;
  /** Milliseconds since 1970. */
  clock?: () => number;
  log?: (line: string) => void;
}>;

export type Slack = Readonly<{
  /** The page that looks like a channel. */
  url: string;
  /** For `slackApiUrl` of `@slack/web-api`; ends with `/api/`. */
  apiUrl: string;
  installation: Installation;
  faults: SlackFaults;
  /** What everybody sees in a channel (`#name` or id), replies among it, oldest first. */
  messages(channel: string): readonly Message[];
  /** One person at the keyboard: `@name` or id. */
  as(person: string): Acting;
  /** The payloads that were sent to the app, newest first. */
  deliveries(): readonly Delivery[];
  /** Deletes a message as a person with the right to do so would. */
  deleteByHand(channel: string, ts: string): void;
  /** Calls `listener` after each change; the answer ends that. */
  onChange(listener: () => void): () => void;
  close(): Promise<void>;
}>;

/** Starts the workspace: the Web API under `/api/`, the channel's page at `/`, faults under `/_cloud/slack/faults`. */
export async function startSlack(options: SlackOptions): Promise<Slack> {
  const { host = "127.0.0.1", port = 0, log = () => undefined, clock = Date.now } = options;
  let url = "";
  const core = newCore(options, () => url);
  const delivery = new AppDelivery({
    targets: options.targets,
    signingSecret: options.signingSecret,
    ackTimeoutMs: options.ackTimeoutMs ?? 3000,
    faults: core.faults,
    clock,
    log,
  });
  const app = new Hono();
  app.route("/api", webApi(core, options.botToken));
  app.route("/", responseRoutes(core));
  app.use(ownPagesOnly);
  app.post("/_cloud/slack/faults", setFault(core.faults));
  app.route("/_cloud/slack/faults", faultRoutes(core.faults));
  app.route("/", channelPages(core, delivery));
  const server = createServer(getRequestListener(app.fetch));
  url = `http://${host}:${await listen(server, host, port)}`;
  log(`slack: ${url}`);
  return {
    url,
    apiUrl: `${url}/api/`,
    installation: core.installation,
    faults: core.faults,
    messages: (channel) =>
      core.messages.all(channelId(core, channel)).filter(({ onlyFor }) => onlyFor === null),
    as: (person) => actingAs(core, delivery, person),
    deliveries: () => delivery.past,
    deleteByHand: (channel, ts) => {
      const message = core.messages.find(channelId(core, channel), ts);
      if (message !== null) core.messages.remove(message);
    },
    onChange: (listener) => core.messages.onChange(listener),
    close: () => closeServer(server),
  };
}

function newCore(options: SlackOptions, baseUrl: () => string): SlackCore {
  const clock = options.clock ?? Date.now;
  const installation: Installation = {
    teamId: options.teamId ?? "T0LOCAL00",
    teamName: "Local Slack",
    teamDomain: "local",
    appId: options.appId ?? "A0GANTRY0",
    appName: "Gantry",
    botUserId: "U0GANTRY0",
    botId: "B0GANTRY0",
  };
  const messages = new MessageLog(clock, new MessageJournal(options.stateDirectory ?? null));
  return {
    installation,
    directory: new Directory({ ...seededWorkspace(installation), ...options.seed }, installation),
    messages,
    views: new ModalViews(() => messages.changed()),
    notices: new Notices(() => messages.changed()),
    triggers: new TriggerIds(clock, installation.teamId),
    responseUrls: new ResponseUrls(clock),
    faults: new SlackFaults(() => messages.changed()),
    scopes: options.scopes ?? usualScopes,
    clock,
    baseUrl,
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolvePort, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolvePort(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((closed) => {
    server.close(() => closed());
    server.closeAllConnections();
  });
}
