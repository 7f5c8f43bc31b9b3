import type { ServiceKey, Timestamp } from "../domain/ids.ts";
import { stageFor } from "../domain/owed.ts";
import { isReadable, markOf, schema } from "../domain/schema.ts";
import type { WorkKind } from "../domain/work.ts";
import type { OutgoingMessage } from "../ports/bus.ts";
import type { OwedWork } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import { findTags } from "./find-tags.ts";
import { inParallel } from "./in-parallel.ts";
import { chatCallMessage, handOff } from "./messages.ts";
import { releaseOf } from "./tell-forge.ts";
import { inTrace } from "./tell-recorded.ts";

/** Work handed off by one sweep at most; the next one goes on. */
const batch = 2_000;

/** The same work at the same attempt is handed off once in this time, so that a full queue is not filled further. */
const againAfterMs = 5_000;

/** What can fall due for every service at once, and no release waits for, is handed off more seldom. */
const ofEveryService: readonly WorkKind[] = ["check-drift", "set-minimum"];
const ofEveryServiceAgainAfterMs = 30_000;

/**
 * A call that only a newer Gantry can follow comes again until one takes it, or becomes a dead letter: so there are few of them
 * while none runs.
 */
const newerAgainAfterMs = 600_000;

const looksAtOnce = 20;

/** Work that waits for longer in nobody's hands, or failed more often, does not get on by itself: a person has to know. */
const overdueAfterMs = 10 * 60_000;
const manyAttempts = 30;

/**
 * Hands off all work that is due and in nobody's hands: timers, work whose owner died, hand-offs that were lost, and what is
 * still to be said in chat or told to the forge. Looks for drift come last: no release waits for them. Work that is on its way
 * already may be handed off again; whoever comes second finds it claimed. What does not get on is logged as an error at each
 * sweep. Work that only a newer Gantry knows is left to it, and a service that only a newer one may go on with is handed off
 * seldom. Then looks for tags whose webhook was lost.
 */
export async function sweep(deps: Deps): Promise<void> {
  const now = deps.clock.now();
  const due = await deps.store.dueWork({ now, limit: batch });
  for (const work of due.filter((one) => isOverdue(one, now))) tellOverdue(deps, work, now);
  const known = knownOf(deps, due);
  const isSilent = deps.chat === null && deps.forge === null;
  const unsaid = isSilent ? [] : await deps.conversations.due({ now, limit: batch });
  const isLook = ({ kind }: OwedWork): boolean => kind === "check-drift";
  const promised = known.filter((work) => !isLook(work));
  const saying = unsaid.map((key) => sayingCall(deps, key, now));
  await deps.bus.publish([...(await handOffs(deps, promised, now)), ...saying]);
  await deps.bus.publish(await handOffs(deps, known.filter(isLook), now));
  await findTags(deps);
}

async function handOffs(
  deps: Deps,
  due: readonly OwedWork[],
  now: Timestamp,
): Promise<readonly OutgoingMessage[]> {
  const occasionOf = await occasions(deps, due, now);
  return due.map((work) => inTrace(deps, handOff(work, occasionOf(work)), work.releaseId));
}

/** Work of a kind that is of this version. */
function knownOf({ log }: Deps, due: readonly OwedWork[]): readonly OwedWork[] {
  return due.filter(({ id, kind, service, releaseId }) => {
    const isKnown = stageFor(kind) !== null;
    if (!isKnown)
      log.error(
        { service, releaseId, work: id, kind },
        "Only a newer Gantry knows this work; it is left to it",
      );
    return isKnown;
  });
}

/** What tells the calls for the same work apart: those for a service that another version has to take come seldom. */
async function occasions(
  deps: Deps,
  due: readonly OwedWork[],
  now: Timestamp,
): Promise<(work: OwedWork) => string> {
  const services = [...new Set(due.map(({ service }) => service))];
  const newer = new Set<ServiceKey>();
  await inParallel(services, looksAtOnce, async (service) => {
    if (await isForNewer(deps, service)) newer.add(service);
  });
  return ({ service, kind, attempt }) => {
    if (newer.has(service)) return `newer-${Math.floor(now / newerAgainAfterMs)}`;
    const everyMs = ofEveryService.includes(kind) ? ofEveryServiceAgainAfterMs : againAfterMs;
    return `${attempt}-${Math.floor(now / everyMs)}`;
  };
}

/** A service that cannot be read holds up no other: whoever gets its call finds out what is wrong with it. */
async function isForNewer({ store, log }: Deps, service: ServiceKey): Promise<boolean> {
  try {
    const { state } = await store.look(service);
    const { writer, reader } = markOf(state);
    const isNewer = !isReadable(state);
    if (isNewer)
      log.error(
        { service, writer, reader, known: schema },
        "Only a newer Gantry may go on with this service",
      );
    return isNewer;
  } catch (error) {
    log.error(
      { service, err: String(error) },
      "Could not read a service; its work is handed off all the same",
    );
    return false;
  }
}

/** A digest is about many releases, and about no one's trace. */
function sayingCall(deps: Deps, key: string, now: Timestamp): OutgoingMessage {
  const message = chatCallMessage(key, `${now}`);
  const id = releaseOf(key);
  return id === null ? message : inTrace(deps, message, id);
}

/** What is due at once, at no time of its own (0), is overdue only once it failed often. */
function isOverdue({ dueAt, attempt, lastError }: OwedWork, now: Timestamp): boolean {
  const isLate = dueAt > 0 && now - dueAt > overdueAfterMs;
  return isLate || (lastError !== null && attempt >= manyAttempts);
}

function tellOverdue({ log }: Deps, work: OwedWork, now: Timestamp): void {
  const { id, kind, service, releaseId, attempt, lastError, dueAt } = work;
  const overdueMs = now - dueAt;
  log.error({ service, releaseId, work: id, kind, attempt, overdueMs, err: lastError }, "Work is overdue");
}
