import type { ReleaseId, Timestamp } from "../domain/ids.ts";
import { digestMessage } from "../domain/release-digest.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import type { ReleaseStatus } from "../domain/words.ts";
import { sayRoot, type Turn } from "./speak.ts";

/** More releases than this beginning in one channel within the window share one message. */
const most = 5;
const windowMs = 60_000;

/** What a person must see by itself, however much else goes on. */
const needsAnEye: readonly ReleaseStatus[] = [
  "awaiting-approval",
  "failed",
  "held",
  "rolling-back",
  "rolled-back",
];

const prefix = "digest/";

export function isDigest(key: string): boolean {
  return key.startsWith(prefix);
}

/**
 * True = a digest speaks for the release: many began in its channel at once, a channel takes one message a second, and this
 * one needs nobody's eye. A release that does need one gets a message of its own, digest or not.
 */
export async function digestFor(turn: Turn, record: ReleaseRecord): Promise<boolean> {
  const { conversation, deps } = turn;
  const { channel, begunAt, root, digest } = conversation;
  if (root !== null || (needsAnEye.includes(record.status) && digest === null)) return false;
  const key = digest ?? `${prefix}${channel}/${Math.floor(begunAt / windowMs)}`;
  if (
    digest === null &&
    (await deps.conversations.begunSince({ channel, since: begunAt - windowMs })) <= most
  )
    return false;
  turn.conversation = { ...conversation, digest: key };
  await deps.conversations.want({ key, channel, now: deps.clock.now() });
  return !needsAnEye.includes(record.status);
}

/** Says how all the releases of a digest stand, in one message that is edited. */
export async function sayDigest(turn: Turn): Promise<Timestamp | null> {
  const { deps, conversation } = turn;
  const members = await deps.conversations.inDigest(conversation.key);
  const records = await Promise.all(members.map(({ key }) => deps.store.release(key as ReleaseId)));
  const known = records.filter((record) => record !== null);
  if (known.length === 0) return deps.clock.now() + 1_000; // the first of them is being written down
  const consoleUrl = deps.consoleUrl();
  const links = new Map(known.map(({ id }) => [id, `${consoleUrl}/releases/${id}`]));
  return sayRoot(turn, digestMessage({ records: known, links, consoleUrl }));
}
