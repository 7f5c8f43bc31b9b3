import type { Block } from "./block-kit.ts";
import type { MessageJournal } from "./message-journal.ts";

export type Reaction = Readonly<{ name: string; users: readonly string[] }>;

/** One message as the workspace keeps it. */
export type Message = Readonly<{
  channel: string;
  /** Its id within the channel: seconds and microseconds, larger than that of every message before it. */
  ts: string;
  /** Root of the thread that it answers; null = it stands in the channel itself. */
  threadTs: string | null;
  /** A reply that is shown in the channel too. */
  broadcast: boolean;
  /** Id of who wrote it. */
  user: string;
  /** Whether the app wrote it. */
  fromApp: boolean;
  text: string;
  blocks: readonly Block[];
  metadata: Readonly<Record<string, unknown>> | null;
  clientMsgId: string | null;
  editedTs: string | null;
  /** The only person who sees it; null = everybody in the channel. */
  onlyFor: string | null;
  reactions: readonly Reaction[];
}>;

export type MessageDraft = Pick<Message, "channel" | "user" | "text"> & Partial<Omit<Message, "ts">>;

/** The messages of all channels, in order, and who wants to hear of changes. */
export class MessageLog {
  readonly #channels = new Map<string, Map<string, Message>>();
  readonly #listeners = new Set<() => void>();
  readonly #clock: () => number;
  readonly #journal: MessageJournal;
  #lastMicros = 0;

  constructor(clock: () => number, journal: MessageJournal) {
    this.#clock = clock;
    this.#journal = journal;
    for (const message of journal.load()) {
      this.#channel(message.channel).set(message.ts, message);
      this.#lastMicros = Math.max(this.#lastMicros, microsOf(message.ts));
    }
  }

  post(draft: MessageDraft): Message {
    const defaults = {
      threadTs: null,
      broadcast: false,
      fromApp: false,
      blocks: [],
      metadata: null,
      clientMsgId: null,
      editedTs: null,
      onlyFor: null,
      reactions: [],
    };
    return this.#put({ ...defaults, ...draft, ts: this.nextTs() });
  }

  change(message: Message, changes: Partial<Message>): Message {
    return this.#put({ ...message, ...changes, channel: message.channel, ts: message.ts });
  }

  remove({ channel, ts }: Message): void {
    this.#channel(channel).delete(ts);
    this.#journal.removed(channel, ts);
    this.changed();
  }

  find(channel: string, ts: string): Message | null {
    return this.#channel(channel).get(ts) ?? null;
  }

  /** All messages of a channel, oldest first: replies and those that only one person sees among them. */
  all(channel: string): readonly Message[] {
    return [...this.#channel(channel).values()];
  }

  /** The replies to a message that everybody sees, oldest first. */
  replies({ channel, ts }: Message): readonly Message[] {
    return this.all(channel).filter(({ threadTs, onlyFor }) => threadTs === ts && onlyFor === null);
  }

  /** A time that no message has and that is later than all of them. */
  nextTs(): string {
    this.#lastMicros = Math.max(this.#clock() * 1000, this.#lastMicros + 1);
    const seconds = Math.floor(this.#lastMicros / 1e6);
    return `${seconds}.${String(this.#lastMicros % 1e6).padStart(6, "0")}`;
  }

  /** Calls `listener` after each change; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells everybody who listens that something that a page shows is different. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #put(message: Message): Message {
    this.#channel(message.channel).set(message.ts, message);
    this.#journal.put(message);
    this.changed();
    return message;
  }

  #channel(id: string): Map<string, Message> {
    const known = this.#channels.get(id) ?? new Map<string, Message>();
    this.#channels.set(id, known);
    return known;
  }
}

function microsOf(ts: string): number {
  const [seconds = "0", micros = "0"] = ts.split(".");
  return Number(seconds) * 1e6 + Number(micros);
}
