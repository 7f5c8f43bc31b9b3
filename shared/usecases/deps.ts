import type { Policy } from "../domain/policy.ts";
import type { BuildPort } from "../ports/build.ts";
import type { Bus } from "../ports/bus.ts";
import type { ChatPort } from "../ports/chat.ts";
import type { Conversations } from "../ports/conversations.ts";
import type { ForgePort } from "../ports/forge.ts";
import type { Freezes } from "../ports/freezes.ts";
import type { ImagesPort } from "../ports/images.ts";
import type { LogsPort } from "../ports/logs.ts";
import type { LookupsPort } from "../ports/lookups.ts";
import type { Meters } from "../ports/meters.ts";
import type { MetricsPort } from "../ports/metrics.ts";
import type { Notes } from "../ports/notes.ts";
import type { ProbePort } from "../ports/probe.ts";
import type { RunPort } from "../ports/run.ts";
import type { SourcePort } from "../ports/source.ts";
import type { Store } from "../ports/store.ts";
import type { Clock, Ids, Log } from "../ports/system.ts";
import type { Tracing } from "../ports/tracing.ts";
import type { RunningWork } from "./running-work.ts";

/** How this process goes about its work; nothing here changes what a release means. */
export type Settings = Readonly<{
  /** Names this process in claims; unique per process. */
  owner: string;
  leaseMs: number;
  /** After so long an invocation hands off what is left, except a return to stable. Null = it goes on. */
  invocationMs: number | null;
  /** Tries of one piece of work before it counts as failed. */
  maxAttempts: number;
  retryMinMs: number;
  retryMaxMs: number;
  pollBuildEveryMs: number;
  /** Each look at a build comes twice as late as the one before, up to this. Null = they stay as often. */
  pollBuildUpToMs: number | null;
  /** Stretch of watching that is judged by itself, and the shortest that is written down (`domain/watch-slices.ts`). */
  sliceMs: number;
  /** Between two looks at a candidate that waits for approval; each may wake an instance that costs money. */
  watchWaitingEveryMs: number;
  /** Between two looks whether somebody else changed a service; null = nobody looks. */
  driftEveryMs: number | null;
  /** Between two looks for tags whose webhook was lost; null = nobody looks. */
  findTagsEveryMs: number | null;
  /** How long a tag that was found may still be told by its webhook. */
  webhookWithinMs: number;
  deployDeadlineMs: number;
  trafficDeadlineMs: number;
  /** The build file for services that name none. */
  buildFile: Readonly<{ name: string; text: string }>;
}>;

/** Everything that a use case may touch. One is made per process, in its composition root. */
export type Deps = Readonly<{
  store: Store;
  conversations: Conversations;
  freezes: Freezes;
  notes: Notes;
  bus: Bus;
  run: RunPort;
  build: BuildPort;
  source: SourcePort;
  probe: ProbePort;
  metrics: MetricsPort;
  logs: LogsPort;
  images: ImagesPort;
  /** Null = nothing to look up here, as in the local cloud, which has neither secrets nor image repositories of its own. */
  lookups: LookupsPort | null;
  /** Null = this Gantry has no chat. */
  chat: ChatPort | null;
  /** Null = nobody is told of releases beside their commits. */
  forge: ForgePort | null;
  clock: Clock;
  ids: Ids;
  log: Log;
  tracing: Tracing;
  meters: Meters;
  policy: Policy;
  settings: Settings;
  /** Where people open the console, without a slash at the end. */
  consoleUrl: () => string;
  /** Where commits are shown; null = nowhere. */
  sourceSite: string | null;
  running: RunningWork;
  /** Called after every commit of this process: whoever waits for news or for due work looks again. */
  onCommit: () => void;
}>;
