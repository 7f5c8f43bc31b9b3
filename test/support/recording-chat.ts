import { AppError } from "../../shared/ports/app-error.ts";
import type { ChatPerson, ChatPlace, ChatPort, ChatPost, ChatText } from "../../shared/ports/chat.ts";

export type ChatMethod = keyof ChatPort;

type Said = Readonly<{ place: ChatPlace; post: ChatPost }> & { content: ChatText; edits: number };

type Whisper = Readonly<{ channel: string; person: string; thread: string | null; text: string }>;

/** What a call meets instead of an answer; `done` = it is carried out all the same, and only the answer is lost. */
type Mishap = Readonly<{ error: Error; done: boolean }>;

/**
 * A chat that writes down what it is asked, and fails when a test says so. It looks for a key only where the port says so:
 * who claims wrongly that a post was never tried gets a second message.
 */
export class RecordingChat implements ChatPort {
  messages: Said[] = [];
  readonly whispers: Whisper[] = [];
  readonly views: Readonly<Record<string, unknown>>[] = [];
  /** The method and what it was about, in the order of the calls. */
  readonly calls: string[] = [];
  readonly people = new Map<string, ChatPerson>();
  readonly groups = new Map<string, readonly string[]>();
  readonly #mishaps = new Map<ChatMethod, Mishap[]>();
  #ts = 0;

  /** The next calls of the method go wrong, one after the other. */
  fail(method: ChatMethod, ...mishaps: readonly (Error | Mishap)[]): void {
    const next = mishaps.map((each) => (each instanceof Error ? { error: each, done: false } : each));
    this.#mishaps.set(method, [...(this.#mishaps.get(method) ?? []), ...next]);
  }

  /** Whether every mishap that was set came to pass. */
  get isWell(): boolean {
    return [...this.#mishaps.values()].every((left) => left.length === 0);
  }

  member(id: string, kind: ChatPerson["kind"] = "member", name = id.toLowerCase()): void {
    this.people.set(id, { id, name, kind });
  }

  /** Root messages, as they read now. */
  get roots(): readonly Said[] {
    return this.messages.filter(({ post }) => post.thread === null);
  }

  /** What the thread of a root says, in order. */
  thread({ ts }: ChatPlace): readonly Said[] {
    return this.messages.filter(({ post }) => post.thread === ts);
  }

  /** A person deletes a message by hand. */
  remove({ ts }: ChatPlace): void {
    this.messages = this.messages.filter(({ place }) => place.ts !== ts);
  }

  post(post: ChatPost): Promise<ChatPlace> {
    return this.#call("post", `${post.key}${post.triedSince === null ? "" : " looked for"}`, () => {
      const known = this.messages.find((each) => post.triedSince !== null && each.post.key === post.key);
      if (known !== undefined) return known.place;
      if (post.thread !== null && !this.roots.some(({ place }) => place.ts === post.thread))
        throw refused("thread_not_found");
      this.#ts += 1;
      const place = { channel: post.channel, ts: `${this.#ts}.000100` };
      this.messages.push({ place, post, content: post.content, edits: 0 });
      return place;
    });
  }

  update({ place, content }: Parameters<ChatPort["update"]>[0]): Promise<"updated" | "gone"> {
    return this.#call("update", place.ts, () => {
      const said = this.messages.find((each) => each.place.ts === place.ts);
      if (said === undefined) return "gone";
      said.content = content;
      said.edits += 1;
      return "updated";
    });
  }

  whisper({ channel, person, thread, content }: Parameters<ChatPort["whisper"]>[0]): Promise<void> {
    return this.#call("whisper", person, () => {
      this.whispers.push({ channel, person, thread, text: content.text });
    });
  }

  openView({ view, triggerId }: Parameters<ChatPort["openView"]>[0]): Promise<void> {
    return this.#call("openView", triggerId, () => {
      this.views.push(view);
    });
  }

  person({ id }: Parameters<ChatPort["person"]>[0]): Promise<ChatPerson | null> {
    return this.#call("person", id, () => this.people.get(id) ?? null);
  }

  groupMembers({ handle }: Parameters<ChatPort["groupMembers"]>[0]): Promise<readonly string[] | null> {
    return this.#call("groupMembers", handle, () => this.groups.get(handle) ?? null);
  }

  async #call<T>(method: ChatMethod, about: string, answer: () => T): Promise<T> {
    this.calls.push(`${method} ${about}`);
    await Promise.resolve();
    const mishap = this.#mishaps.get(method)?.shift();
    if (mishap === undefined) return answer();
    if (mishap.done) answer();
    throw mishap.error;
  }
}

/** The chat does not answer, and nobody knows what became of it. */
export function unavailable(): AppError {
  const context = { error: "no-answer", done: "unknown" };
  return new AppError({ code: "chat-unavailable", message: "The chat is down.", transient: true, context });
}

/** The chat asks to wait, and has done nothing. */
export function limited(method: string, retryAfterMs: number): AppError {
  const context = { error: "ratelimited", done: "no", method, retryAfterMs };
  return new AppError({ code: "chat-unavailable", message: "Slow down.", transient: true, context });
}

/** The chat says no, and a person has to do something. */
export function refused(error: string): AppError {
  const context = { error, done: "no" };
  return new AppError({ code: "chat-refused", message: error, transient: false, context });
}
