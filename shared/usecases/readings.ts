import { type Deployment, deliveryFigures, deploymentOf, needsEvents } from "../domain/delivery-figures.ts";
import type { ServiceKey, Timestamp } from "../domain/ids.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import { figuresDays, type Readings, type WaitingMessages } from "../ports/readings.ts";
import type { Deps } from "./deps.ts";
import { inParallel } from "./in-parallel.ts";

const dayMs = 86_400_000;
const page = 200;

/** Releases looked at, at most; of a fleet with more in the window, the newest count. */
const mostReleases = 5_000;

/** Dead letters counted, at most. */
const mostDeadLetters = 1_000;

const eventsAtOnce = 8;

type Sources = Pick<Deps, "store" | "bus" | "conversations" | "clock"> &
  Readonly<{ waiting: (() => Promise<readonly WaitingMessages[]>) | null }>;

/** Reads them all. Costs a look at every release of the window: not to be asked for more often than once a minute. */
export async function takeReadings(sources: Sources): Promise<Readings> {
  const { store, bus, conversations, clock, waiting } = sources;
  const now = clock.now();
  const overdue = (at: Timestamp | null): number | null => (at === null ? null : Math.max(0, now - at));
  const [owedAt, unsaidAt, dead, records] = await Promise.all([
    store.nextDueAt(),
    conversations.nextDueAt(),
    bus.deadLetters({ limit: mostDeadLetters }),
    releasesSince(sources, now - figuresDays * dayMs),
  ]);
  return {
    at: now,
    releases: countsOf(records),
    owedForMs: overdue(owedAt),
    unsaidForMs: overdue(unsaidAt),
    deadLetters: dead.filter(({ replayedAt }) => replayedAt === null).length,
    figures: await figuresOf(sources, records),
    waiting: waiting === null ? null : await waiting(),
  };
}

async function releasesSince({ store }: Sources, since: Timestamp): Promise<readonly ReleaseRecord[]> {
  const found: ReleaseRecord[] = [];
  for (;;) {
    const last = found.at(-1);
    const before = last === undefined ? null : { requestedAt: last.requestedAt, id: last.id };
    const next = await store.releases({ service: null, limit: page, before });
    found.push(...next.filter(({ requestedAt }) => requestedAt >= since));
    const isLast = next.length < page || (next.at(-1)?.requestedAt ?? since) < since;
    if (isLast || found.length >= mostReleases) return found;
  }
}

function countsOf(records: readonly ReleaseRecord[]): Readings["releases"] {
  const counts = new Map<string, Readings["releases"][number]>();
  for (const { service, status } of records) {
    const key = `${service} ${status}`;
    counts.set(key, { service, status, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

async function figuresOf(sources: Sources, records: readonly ReleaseRecord[]): Promise<Readings["figures"]> {
  const deployments = new Map<ServiceKey, Deployment[]>(records.map(({ service }) => [service, []]));
  await inParallel(records, eventsAtOnce, async (record) => {
    const stored = needsEvents(record) ? await sources.store.releaseEvents(record.id) : [];
    const events = stored.map(({ event }) => event);
    const deployment = deploymentOf(record, events);
    if (deployment !== null) deployments.get(record.service)?.push(deployment);
  });
  return [...deployments].map(([service, own]) => ({ service, ...deliveryFigures(own, figuresDays) }));
}
