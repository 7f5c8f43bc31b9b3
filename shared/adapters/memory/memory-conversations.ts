import { type ChatLane, freeLane, silenced, type TurnPromised, takeTurn } from "../../domain/chat-pace.ts";
import type { Timestamp } from "../../domain/ids.ts";
import {
  type ClaimedConversation,
  type Conversation,
  type Conversations,
  newConversation,
} from "../../ports/conversations.ts";

type Kept = {
  conversation: Conversation;
  wanted: number;
  dueAt: Timestamp | null;
  owner: string | null;
  leaseUntil: Timestamp;
};

/** Conversations without a file: every guarantee of the port but durability. */
export class MemoryConversations implements Conversations {
  readonly #kept = new Map<string, Kept>();
  readonly #lanes = new Map<string, ChatLane>();

  async want({ key, channel, now }: Parameters<Conversations["want"]>[0]): Promise<void> {
    const known = this.#kept.get(key);
    if (known) {
      known.wanted += 1;
      known.dueAt = Math.min(known.dueAt ?? now, now);
      return;
    }
    const conversation = newConversation({ key, channel, begunAt: now });
    this.#kept.set(key, { conversation, wanted: 1, dueAt: now, owner: null, leaseUntil: 0 });
  }

  async due({ now, limit }: Parameters<Conversations["due"]>[0]): Promise<readonly string[]> {
    return [...this.#kept.values()]
      .filter((kept) => kept.dueAt !== null && kept.dueAt <= now && kept.leaseUntil <= now)
      .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0) || (a.conversation.key < b.conversation.key ? -1 : 1))
      .slice(0, limit)
      .map(({ conversation }) => conversation.key);
  }

  async nextDueAt(): Promise<Timestamp | null> {
    const times = [...this.#kept.values()].flatMap(({ dueAt, leaseUntil }) =>
      dueAt === null ? [] : [Math.max(dueAt, leaseUntil)],
    );
    return times.length === 0 ? null : Math.min(...times);
  }

  async claim({
    key,
    owner,
    now,
    leaseMs,
  }: Parameters<Conversations["claim"]>[0]): Promise<ClaimedConversation | null> {
    const kept = this.#kept.get(key);
    if (!kept || kept.dueAt === null || kept.dueAt > now || kept.leaseUntil > now) return null;
    const interrupted = kept.owner !== null;
    kept.owner = owner;
    kept.leaseUntil = now + leaseMs;
    return { conversation: structuredClone(kept.conversation), wanted: kept.wanted, interrupted };
  }

  async save({
    conversation,
    owner,
    wanted,
    now,
    dueAt,
  }: Parameters<Conversations["save"]>[0]): Promise<void> {
    const kept = this.#kept.get(conversation.key);
    if (kept?.owner !== owner) return;
    kept.conversation = structuredClone(conversation);
    kept.owner = null;
    kept.leaseUntil = 0;
    kept.dueAt = dueAt === null && kept.wanted > wanted ? now : dueAt;
  }

  async get(key: string): Promise<Conversation | null> {
    const kept = this.#kept.get(key);
    return kept ? structuredClone(kept.conversation) : null;
  }

  async begunSince({ channel, since }: Parameters<Conversations["begunSince"]>[0]): Promise<number> {
    return this.#all().filter((each) => each.channel === channel && each.begunAt >= since).length;
  }

  async inDigest(digest: string): Promise<readonly Conversation[]> {
    return structuredClone(this.#all().filter((each) => each.digest === digest));
  }

  async takeTurn({
    lane,
    pace,
    asked,
  }: Parameters<Conversations["takeTurn"]>[0]): Promise<TurnPromised | null> {
    const given = takeTurn(this.#lanes.get(lane) ?? freeLane, asked, pace);
    this.#lanes.set(lane, given.lane);
    return given.promised;
  }

  async silence({ lane, pace, until }: Parameters<Conversations["silence"]>[0]): Promise<void> {
    this.#lanes.set(lane, silenced(this.#lanes.get(lane) ?? freeLane, until, pace));
  }

  #all(): readonly Conversation[] {
    return [...this.#kept.values()]
      .map(({ conversation }) => conversation)
      .sort((a, b) => a.begunAt - b.begunAt || (a.key < b.key ? -1 : 1));
  }
}
