import type { ReleaseId, Timestamp } from "../domain/ids.ts";
import { digestMessage } from "../domain/release-digest.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import type { ReleaseStatus } from "../domain/words.ts";
import type { Turn } from "./chat-turn.ts";
import { mayEditAt, sayRoot } from "./say-root.ts";

/** More releases than this beginning in one channel within the window share one message. */
const most = 5;
const windowMs = 60_000;

const lookedAt: readonly ReleaseStatus[] = [
  "awaiting-approval",
  "failed",
  "held",
  "rolling-back",
  "rolled-back",
];

/** Whether a person must see this release by itself, and soon, however much else goes on. */
export function needsAnEye({ status }: ReleaseRecord): boolean {
  return lookedAt.includes(status);
}

const prefix = "digest/";

export function isDigest(key: string): boolean {
  return key.startsWith(prefix);
}

/**
 * Who speaks for the release. A digest does where many began in its channel at once, because a channel takes one message a
 * second, and goes on telling how each of them stands. A release that needs somebody's eye gets a message of its own as
 * well. `joins` = it is counted in with this turn: the digest is told of it only once that is kept.
 */
export async function digestFor(
  turn: Turn,
  record: ReleaseRecord,
): Promise<"joins" | "by-digest" | "by-itself"> {
  const { conversation, deps } = turn;
  const { channel, root, digest } = conversation;
  const isByItself = root !== null || needsAnEye(record);
  if (digest !== null) {
    await deps.conversations.want({ key: digest, channel, now: deps.clock.now() });
    return isByItself ? "by-itself" : "by-digest";
  }
  if (isByItself || !(await beganWithMany(turn))) return "by-itself";
  const key = `${prefix}${channel}/${Math.floor(conversation.begunAt / windowMs)}`;
  turn.conversation = { ...conversation, digest: key };
  return "joins";
}

async function beganWithMany({ deps, conversation }: Turn): Promise<boolean> {
  const { channel, begunAt } = conversation;
  return (await deps.conversations.begunSince({ channel, since: begunAt - windowMs })) > most;
}

/** Says how all the releases of a digest stand, in one message that is edited. */
export async function sayDigest(turn: Turn): Promise<Timestamp | null> {
  const { deps, conversation } = turn;
  const waitsUntil = mayEditAt(conversation);
  if (waitsUntil > deps.clock.now()) return waitsUntil;
  const members = await deps.conversations.inDigest(conversation.key);
  const records = await Promise.all(members.map(({ key }) => deps.store.release(key as ReleaseId)));
  const known = records.filter((record) => record !== null);
  if (known.length === 0) return deps.clock.now() + 1_000; // the first of them is being written down
  const consoleUrl = deps.consoleUrl();
  const links = new Map(known.map(({ id }) => [id, `${consoleUrl}/releases/${id}`]));
  return sayRoot(turn, digestMessage({ records: known, links, consoleUrl }), true); // it speaks for many
}
