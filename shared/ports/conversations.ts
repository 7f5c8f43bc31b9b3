import type { ChatPace, TurnAsked, TurnPromised } from "../domain/chat-pace.ts";
import type { Timestamp } from "../domain/ids.ts";
import type { ChatPlace } from "./chat.ts";

/** When somebody who waits for their turn in a lane may come back. */
type PromisedTurn = TurnPromised & Readonly<{ isUrgent: boolean }>;

/** What was said of one release (or of many at once, in a digest) so far. */
export type Conversation = Readonly<{
  key: string; // a release id, or `digest/<channel>/<n>`
  channel: string;
  begunAt: Timestamp;
  root: ChatPlace | null;
  roots: number; // root messages posted so far; a person may have deleted one
  said: string | null; // fingerprint of what the root says
  saidAt: Timestamp | null;
  offers: readonly string[]; // the buttons under the root that change something
  told: number; // position of the last event that the thread tells
  digest: string | null; // key of the digest that speaks for it instead of a root of its own
  attempt: number; // tries in a row that failed
  lastError: string | null;
  /** Key of a message that may have been posted though nobody knows; `anyMessage` = whatever comes next; null = none. */
  unsure: string | null;
  quietUntil: Timestamp | null; // the chat asked to be left alone until then
  turns: Readonly<{ post: PromisedTurn | null; edit: PromisedTurn | null }>;
}>;

/**
 * `wanted` counts how often something was to be said: handed back with `save`, so that no wish is lost in between.
 * `interrupted`: whoever had it before never said what came of it, so that any message may have been posted already.
 */
export type ClaimedConversation = Readonly<{
  conversation: Conversation;
  wanted: number;
  interrupted: boolean;
}>;

/** What is to be said in chat, durable until it is said. Every method is atomic. */
export interface Conversations {
  /** Something is to be said as soon as may be; begins the conversation when there is none. */
  want(params: Readonly<{ key: string; channel: string; now: Timestamp }>): Promise<void>;
  /** Keys of conversations with something to say, due and in nobody's hands, oldest due first. */
  due(params: Readonly<{ now: Timestamp; limit: number }>): Promise<readonly string[]>;
  nextDueAt(): Promise<Timestamp | null>;
  /** Null when there is nothing to say, not yet, or somebody alive says it. NEVER two owners. */
  claim(
    params: Readonly<{ key: string; owner: string; now: Timestamp; leaseMs: number }>,
  ): Promise<ClaimedConversation | null>;
  /**
   * Keeps what was said and gives the claim back. `dueAt` null = all is said, unless more was wanted since the claim: then
   * it is due at once. Does nothing when the claim is not the owner's any more.
   */
  save(
    params: Readonly<{
      conversation: Conversation;
      owner: string;
      wanted: number;
      now: Timestamp;
      dueAt: Timestamp | null;
    }>,
  ): Promise<void>;
  get(key: string): Promise<Conversation | null>;
  /** How many conversations of the channel began since then. */
  begunSince(params: Readonly<{ channel: string; since: Timestamp }>): Promise<number>;
  /** The conversations that a digest speaks for, oldest first. */
  inDigest(digest: string): Promise<readonly Conversation[]>;
  /**
   * Null = it is the asker's turn in this lane, and taken; else when to ask again, and with which ticket. One pace over all
   * processes; a power cut may forget the last moment of it.
   */
  takeTurn(params: LaneParams & Readonly<{ asked: TurnAsked }>): Promise<TurnPromised | null>;
  /** Nobody gets a turn in this lane before then. */
  silence(params: LaneParams & Readonly<{ until: Timestamp }>): Promise<void>;
}

type LaneParams = Readonly<{ lane: string; pace: ChatPace }>;

/** Of `Conversation.unsure`: no message is known to be unposted. */
export const anyMessage = "*";

/** A conversation in which nothing was said yet. */
export function newConversation(
  params: Readonly<{ key: string; channel: string; begunAt: Timestamp }>,
): Conversation {
  return {
    ...params,
    root: null,
    roots: 0,
    said: null,
    saidAt: null,
    offers: [],
    told: 0,
    digest: null,
    attempt: 0,
    lastError: null,
    unsure: null,
    quietUntil: null,
    turns: { post: null, edit: null },
  };
}
