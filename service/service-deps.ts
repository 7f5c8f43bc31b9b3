import type { Role } from "../shared/domain/access.ts";
import type { GoogleAccount } from "../shared/domain/identity-token.ts";
import type { ServiceKey } from "../shared/domain/ids.ts";
import type { Bus } from "../shared/ports/bus.ts";
import type { ChatPort } from "../shared/ports/chat.ts";
import type { IdentityTokens, SentHeaders } from "../shared/ports/identity-tokens.ts";
import type { ServiceSnapshot } from "../shared/ports/run.ts";
import type { Store } from "../shared/ports/store.ts";
import type { Clock, Ids, Log } from "../shared/ports/system.ts";
import type { CostReading, CostRequest } from "../shared/usecases/cost.ts";
import type { Desk } from "../shared/usecases/desk.ts";
import type { FreezeDesk } from "../shared/usecases/freeze-desk.ts";

export type { Role };

/** A bearer token, kept only as the SHA-256 of its text (64 hex digits). `name` is who acts with it. */
export type AccessToken = Readonly<{ name: string; sha256: string; roles: readonly Role[] }>;

/** All that the HTTP process may touch. The composition root makes one. */
export type ServiceDeps = Readonly<{
  desk: Desk;
  freezes: FreezeDesk;
  store: Store;
  bus: Bus;
  clock: Clock;
  log: Log;
  ids: Ids;
  /** Secrets of the webhook, newest first; several while one is being replaced. None = every delivery is refused. */
  github: Readonly<{ secrets: readonly string[] }>;
  /** Null = no Slack. */
  slack: SlackDeps | null;
  tokens: readonly AccessToken[];
  /** People whom Google signed in; null = tokens only. */
  people: GooglePeople | null;
  /** Signs the console's cookies. Null = made at start: a restart then asks everyone to sign in again. */
  sessionSecret: string | null;
  /** Repositories that are known by their whole name; a request that names none gets the only one. */
  repositories: readonly string[];
  version: string;
  mode: "local" | "serve";
  /** Where people reach this service, without a slash at the end. Null = as the request says. */
  publicUrl: string | null;
  /** What Cloud Run says now; it is given `trafficWithinMs`, then the answer says that it is not known. */
  traffic: (service: ServiceKey) => Promise<ServiceSnapshot | null>;
  trafficWithinMs: number;
  /** The bill of a service; null = Cloud Run has none of that name. */
  cost: (request: CostRequest) => Promise<CostReading | null>;
  /** Calls back after every commit and returns how to stop that. Null = the store is polled. */
  onCommit: ((listener: () => void) => () => void) | null;
  stream: StreamSettings;
  /** What Prometheus reads; absent = nobody may. */
  metrics?: () => Promise<Readonly<{ contentType: string; body: string }>>;
  /** Called before a command is answered: after that, the process may get no time. Never rejects, nor takes long. */
  settle?: () => Promise<void>;
  /** Takes what Pub/Sub pushes; without it nothing is taken. */
  pushes?: PushDoor;
}>;

/**
 * The border to Pub/Sub. `trust` judges its headers: `unknown` = nobody can tell now. `take` gets a push on a
 * topic of Gantry's own words: `again` = it has to come again.
 */
export type PushDoor = Readonly<{
  trust: (
    headers: SentHeaders,
  ) => Promise<Readonly<{ verdict: "trusted" } | { verdict: "refused" | "unknown"; why: string }>>;
  take: (
    push: Readonly<{
      topic: string;
      headers: Readonly<Record<string, string>>;
      body: unknown; // undefined = none that is JSON
      raw: Uint8Array;
    }>,
  ) => Promise<"acknowledged" | "laid-aside" | "again">;
}>;

/** What the border to Slack has to know. Several signing secrets while one is being replaced. */
export type SlackDeps = Readonly<{
  signingSecrets: readonly string[];
  teamIds: readonly string[];
  appId: string;
  openView: ChatPort["openView"];
}>;

/** Ways in for people whom Google signed in, each null where it is not open, and what the policy lets them do. */
export type GooglePeople = Readonly<{
  /** Of Identity-Aware Proxy: the header `x-goog-iap-jwt-assertion`. */
  iap: IdentityTokens | null;
  /** An identity token of Google's as bearer: for the command line and CI. */
  signIn: IdentityTokens | null;
  rolesOf: (account: GoogleAccount) => readonly Role[];
}>;

export type StreamSettings = Readonly<{ pollMs: number; heartbeatMs: number; maxStreams: number }>;

export const defaultStream: StreamSettings = { pollMs: 500, heartbeatMs: 15_000, maxStreams: 200 };

/** Who makes a request, as the border found out. */
export type Identity = Readonly<{ name: string; roles: readonly Role[]; via: "token" | "google" }>;

/** What Hono carries through one request. */
export type AppEnv = {
  Bindings: { stopping?: AbortSignal }; // aborts when the server closes
  Variables: {
    requestId: string;
    identity: Identity | null;
    facts: Record<string, string>; // added to the request's log line
  };
};
