// A process of its own that owns a store file: `hold FILE` keeps it, `commit FILE` commits to it until it is killed.
// It tells on stdout, one JSON value a line, what was acknowledged.
import { openSqlite } from "../../shared/adapters/sqlite/open-sqlite.ts";
import type { EventOf } from "../../shared/domain/events.ts";
import type { ServiceKey } from "../../shared/domain/ids.ts";
import type { Quarantined, ServiceState } from "../../shared/domain/service-state.ts";
import type { PubSubEvent, Subscription } from "../../shared/ports/bus.ts";
import type { Store } from "../../shared/ports/store.ts";
import { commitOf, image, monday, numberedService, releaseId, tagName } from "./fixtures.ts";
import { realClock } from "./real-clock.ts";

/** The services that are written to, and the one that counts their messages. */
export const writtenServices = [1, 2, 3, 4].map(numberedService);
export const countingService = numberedService(9);
export const crashTopic = "gantry-crash";

/** Appends one event, its trace in the state, and one message: what must survive together. */
export async function commitNext(
  store: Store,
  service: ServiceKey,
  options: Readonly<{ cause: string | null; message: string | null }>,
): Promise<number | null> {
  const { state, version } = await store.load(service);
  const digest = image(version.toString(16)).digest;
  const release = releaseId();
  const entry: Quarantined = {
    digest,
    releaseId: release,
    tag: tagName(),
    at: monday,
    why: `commit ${version + 1}`,
  };
  const event: EventOf<"digest-quarantined"> = {
    type: "digest-quarantined",
    at: monday,
    releaseId: release,
    digest,
    tag: entry.tag,
    why: entry.why,
  };
  const next: ServiceState = { ...state, quarantine: [...state.quarantine, entry].slice(-100) };
  const data = options.message;
  const messages = data === null ? [] : [{ topic: crashTopic, id: null, data, attributes: {} }];
  const commit = commitOf({ service, expectedVersion: version, events: [event], state: next });
  const result = await store.commit({ ...commit, messages, cause: options.cause });
  return result.outcome === "committed" ? result.version : null;
}

/** Counts each message once, however often it comes. */
export function countingSubscription(store: Store, counted: (event: PubSubEvent) => void): Subscription {
  const handler = async (event: PubSubEvent) => {
    for (;;) {
      const { version } = await store.load(countingService);
      const commit = commitOf({
        service: countingService,
        expectedVersion: version,
        events: [],
        cause: event.id,
      });
      const { outcome } = await store.commit(commit);
      if (outcome === "committed") counted(event);
      if (outcome !== "conflict") return;
    }
  };
  const timing = { ackDeadlineMs: 10_000, maxAttempts: 1000, minBackoffMs: 1, maxBackoffMs: 10 };
  return { name: "crash", topic: crashTopic, handler, ...timing };
}

function tell(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function main(mode: string, file: string): Promise<void> {
  const { store, bus } = openSqlite({ file, clock: realClock });
  bus.subscribe(countingSubscription(store, (event) => tell({ counted: event.id })));
  tell({ open: true });
  if (mode === "hold") {
    setInterval(() => {}, 60_000);
    return;
  }
  bus.start();
  const write = async (service: ServiceKey) => {
    for (;;) {
      const { version } = await store.load(service);
      const acknowledged = await commitNext(store, service, {
        cause: null,
        message: `${service}@${version + 1}`,
      });
      tell({ service, version: acknowledged });
    }
  };
  await Promise.all(writtenServices.map(write));
}

const [mode, file] = process.argv.slice(2);
if (process.argv[1]?.endsWith("store-process.ts") && mode !== undefined && file !== undefined)
  main(mode, file).catch((error: unknown) => {
    tell({ error: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
  });
