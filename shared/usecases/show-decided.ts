import type { ReleaseId } from "../domain/ids.ts";
import type { Deps } from "./deps.ts";
import { speak } from "./speak.ts";

/**
 * Shows in chat what somebody decided there a moment ago, so that the buttons are gone when the slow work begins: the fact
 * of it, by which the chat hears of all else, may take its time.
 */
export async function showDecided(deps: Deps, release: ReleaseId): Promise<void> {
  const known = await deps.conversations.get(release);
  if (known === null) return;
  await deps.conversations.want({ key: release, channel: known.channel, now: deps.clock.now() });
  await speak(deps, release);
}
