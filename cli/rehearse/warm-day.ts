import { warmup } from "../../functions/warmup.ts";
import { openMemory } from "../../shared/adapters/memory/open-memory.ts";
import type { EventOf, ServiceEvent } from "../../shared/domain/events.ts";
import type { ServiceKey, Timestamp } from "../../shared/domain/ids.ts";
import { newRecord } from "../../shared/domain/project.ts";
import type { ReleaseConfig, WarmupConfig } from "../../shared/domain/release-config.ts";
import { type LiveRelease, newService } from "../../shared/domain/service-state.ts";
import { type PubSubEvent, topics } from "../../shared/ports/bus.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { RunningWork } from "../../shared/usecases/running-work.ts";
import { VirtualClock } from "./virtual-clock.ts";

const minuteMs = 60_000;

/** A day of a service, with the minutes at which its minimum has to change. */
export type WarmDay = Readonly<{
  title: string;
  begins: string; // ISO, with its offset
  minutes: number;
  warmup: Pick<WarmupConfig, "from" | "to" | "zone">;
  raised: string;
  lowered: string;
}>;

/** The schedule as Pub/Sub delivers it. */
export function scheduleEvent(at: Timestamp): PubSubEvent {
  const time = new Date(at).toISOString();
  const data = Buffer.from("{}").toString("base64");
  return {
    specversion: "1.0",
    id: `schedule-${at}`,
    type: "google.cloud.pubsub.topic.v1.messagePublished",
    source: `//pubsub.googleapis.com/projects/rehearsal/topics/${topics.warmup}`,
    time,
    datacontenttype: "application/json",
    data: {
      message: { data, attributes: {}, messageId: `schedule-${at}`, publishTime: time },
      subscription: "schedule",
    },
  };
}

/**
 * Plays a day minute by minute: the function `warmup` on a store of its own and a clock that is set, against the real
 * Cloud Run API of the local cloud. Answers with what happened and at which minute; `look` is called after each change.
 */
export async function playDay(
  params: Readonly<{
    deps: Deps;
    live: LiveRelease;
    config: ReleaseConfig;
    service: ServiceKey;
    day: WarmDay;
    look: (change: EventOf<"warmup-raised" | "warmup-lowered">) => Promise<void>;
  }>,
): Promise<readonly string[]> {
  const { live, config, service, day, look } = params;
  const begins = Date.parse(day.begins);
  const clock = new VirtualClock(begins);
  const engine = openMemory({ clock });
  const { store, conversations, freezes, bus } = engine;
  const own = { store, conversations, freezes, bus, clock, chat: null, running: new RunningWork() };
  const deps: Deps = { ...params.deps, ...own, onCommit: () => undefined };
  await seed(deps, { live, config, service });
  const changes: string[] = [];
  let position = await store.lastPosition();
  for (let minute = 0; minute < day.minutes; minute += 1) {
    const at = begins + minute * minuteMs;
    clock.moveTo(at);
    await warmup(deps)(scheduleEvent(at));
    const news = await store.eventsAfter({ after: position, limit: 100 });
    position = news.at(-1)?.position ?? position;
    for (const { event } of news) {
      if (isChange(event)) await look(event);
      if (event.type !== "warmup-due") changes.push(`${event.type} at ${new Date(at).toISOString()}`);
    }
  }
  await engine.close();
  return changes;
}

function isChange(event: ServiceEvent): event is EventOf<"warmup-raised" | "warmup-lowered"> {
  return event.type === "warmup-raised" || event.type === "warmup-lowered";
}

/** A service whose release is live, as the store keeps it. */
async function seed(
  { store }: Deps,
  of: Readonly<{ live: LiveRelease; config: ReleaseConfig; service: ServiceKey }>,
): Promise<void> {
  const { live, config, service } = of;
  const { outcome } = await store.commit({
    service,
    expectedVersion: 0,
    events: [],
    state: { ...newService(service), live },
    releases: [{ ...newRecord(service, live), status: "live", candidate: live.candidate }],
    owed: [],
    configs: [{ hash: live.configHash, config }],
    messages: [],
    cause: null,
  });
  if (outcome !== "committed") throw new Error(`the day could not be set up: ${outcome}`);
}
