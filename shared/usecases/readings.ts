import { type Deployment, deliveryFigures, deploymentOf, needsEvents } from "../domain/delivery-figures.ts";
import type { ReleaseId, ServiceKey, Timestamp } from "../domain/ids.ts";
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
  Readonly<{ waiting: (() => Promise<readonly WaitingMessages[]>) | null; known: KnownDeployments }>;

/**
 * What was read from the events of releases before. One that did not change since tells the same, and may have thousands of commits;
 * whoever reads again and again keeps this between two times. It holds the releases of the window alone.
 */
export type KnownDeployments = Map<ReleaseId, Readonly<{ asOf: string; deployment: Deployment | null }>>;

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
  const { known } = sources;
  const ids = new Set(records.map(({ id }) => id));
  for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
  const deployments = new Map<ServiceKey, Deployment[]>(records.map(({ service }) => [service, []]));
  await inParallel(records, eventsAtOnce, async (record) => {
    const deployment = await deploymentFrom(sources, record);
    if (deployment !== null) deployments.get(record.service)?.push(deployment);
  });
  return [...deployments].map(([service, own]) => ({ service, ...deliveryFigures(own, figuresDays) }));
}

async function deploymentFrom({ store, known }: Sources, record: ReleaseRecord): Promise<Deployment | null> {
  if (!needsEvents(record)) return deploymentOf(record, []);
  const asOf = `${record.status} ${record.updatedAt}`;
  const before = known.get(record.id);
  if (before?.asOf === asOf) return before.deployment;
  const stored = await store.releaseEvents(record.id);
  const deployment = deploymentOf(
    record,
    stored.map(({ event }) => event),
  );
  known.set(record.id, { asOf, deployment });
  return deployment;
}
