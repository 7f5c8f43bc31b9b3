import { mayTurnForgeStatus } from "../domain/forge-status.ts";
import { parseReleaseId } from "../domain/ids.ts";
import { isQuiet } from "../domain/quiet-fact.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import { mayTurnWayBack } from "../domain/way-back-offer.ts";
import type { PubSubEvent } from "../ports/bus.ts";
import type { Deps } from "./deps.ts";
import { readChatCall, readFact } from "./messages.ts";
import { speak } from "./speak.ts";
import { forgeChannel, forgeKey, isWithForge, tellForge } from "./tell-forge.ts";

/**
 * A fact about a release: notes durably that something is to be said of it in chat and told to the forge, then does it. One that
 * changes nothing there costs no look at the store: a watch of days has thousands of them.
 * Where it may change what the message of the live release offers, that one is looked at too.
 */
export async function notify(deps: Deps, event: PubSubEvent): Promise<void> {
  const fact = readFact(event);
  const id = parseReleaseId(fact.releaseId);
  const isForChat = deps.chat !== null && !isQuiet(fact);
  const isForForge = deps.forge !== null && mayTurnForgeStatus(fact.type);
  if ((!isForChat && !isForForge) || id === null) return;
  const record = await deps.store.release(id);
  if (record === null) return;
  const chats = isForChat ? await inChat(deps, record, fact.type) : [];
  const wanted = [...chats, ...(isForForge ? [atForge(record)] : [])];
  for (const { key, channel } of wanted)
    await deps.conversations.want({ key, channel, now: deps.clock.now() });
  await Promise.all(wanted.map(({ key }) => say(deps, key)));
}

/** Chat and forge do not wait for each other. */
function say(deps: Deps, key: string): Promise<void> {
  return isWithForge(key) ? tellForge(deps, key) : speak(deps, key);
}

async function inChat(deps: Deps, record: ReleaseRecord, type: string): Promise<readonly Wanted[]> {
  const places = [await ownPlace(deps, record), mayTurnWayBack(type) ? await livePlace(deps, record) : null];
  return places.filter((place) => place !== null);
}

function atForge({ id, repository }: ReleaseRecord): Wanted {
  return { key: forgeKey(id), channel: forgeChannel(repository) };
}

type Wanted = Readonly<{ key: string; channel: string }>;

async function ownPlace({ store }: Deps, { id, configHash }: ReleaseRecord): Promise<Wanted | null> {
  const channel = (await store.config(configHash))?.notify.slack;
  return channel ? { key: id, channel } : null;
}

/** Where something was said of the release that is live beside this one; null = nothing was, or none is. */
async function livePlace(
  { store, conversations }: Deps,
  { id, service }: ReleaseRecord,
): Promise<Wanted | null> {
  const { live } = (await store.look(service)).state;
  return live === null || live.id === id ? null : conversations.get(live.id);
}

/** The sweep found something that is still to be said. */
export async function sayAgain(deps: Deps, event: PubSubEvent): Promise<void> {
  await say(deps, readChatCall(event).conversation);
}
