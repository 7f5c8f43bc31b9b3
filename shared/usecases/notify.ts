import { parseReleaseId } from "../domain/ids.ts";
import type { PubSubEvent } from "../ports/bus.ts";
import type { Deps } from "./deps.ts";
import { readChatCall, readFact } from "./messages.ts";
import { speak } from "./speak.ts";

/** A fact about a release: notes durably that something is to be said of it, then says it. */
export async function notify(deps: Deps, event: PubSubEvent): Promise<void> {
  const releaseId = parseReleaseId(readFact(event).releaseId);
  if (deps.chat === null || releaseId === null) return;
  const record = await deps.store.release(releaseId);
  const config = record && (await deps.store.config(record.configHash));
  const channel = config?.notify.slack;
  if (!channel) return;
  await deps.conversations.want({ key: releaseId, channel, now: deps.clock.now() });
  await speak(deps, releaseId);
}

/** The sweep found something that is still to be said. */
export async function sayAgain(deps: Deps, event: PubSubEvent): Promise<void> {
  await speak(deps, readChatCall(event).conversation);
}
