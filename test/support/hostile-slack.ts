import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One call that came in. */
export type Received = Readonly<{ method: string; args: Readonly<Record<string, string>>; token: string }>;

/** What the server does with one call; each is used up by one call. */
export type Mishap =
  | Readonly<{ kind: "error"; code: string; more?: object }>
  | Readonly<{ kind: "status"; status: number; headers?: Readonly<Record<string, string>>; done?: boolean }>
  | Readonly<{ kind: "reset"; done: boolean }>
  | Readonly<{ kind: "cut"; done: boolean }>
  | Readonly<{ kind: "silence"; done: boolean }>
  | Readonly<{ kind: "text"; text: string; done: boolean }>;

type Message = Readonly<{
  ts: string;
  channel: string;
  thread: string | null;
  metadata: unknown;
  user: string;
}>;

/** A Slack that loses answers: it keeps messages, and does to a method what a test asks for. */
export class HostileSlack {
  readonly received: Received[] = [];
  readonly messages: Message[] = [];
  /** Answers of methods that tests set. */
  readonly answers = new Map<string, object>();
  readonly #mishaps = new Map<string, Mishap[]>();
  readonly #server = createServer((request, response) => void this.#take(request, response));
  #ts = Math.floor(Date.now() / 1000);

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  reset(): void {
    this.received.length = 0;
    this.messages.length = 0;
    this.answers.clear();
    this.#mishaps.clear();
  }

  next(method: string, ...mishaps: readonly Mishap[]): void {
    this.#mishaps.set(method, [...(this.#mishaps.get(method) ?? []), ...mishaps]);
  }

  calls(method: string): readonly Received[] {
    return this.received.filter((each) => each.method === method);
  }

  /** A message that stands in a channel already. */
  place(message: Partial<Message>): string {
    this.#ts += 1;
    const ts = `${this.#ts}.000100`;
    this.messages.push({
      ts,
      channel: "C0DEPLOYS",
      thread: null,
      metadata: null,
      user: "U0GANTRY",
      ...message,
    });
    return ts;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    const method = (request.url ?? "").replace("/api/", "");
    const args = Object.fromEntries(new URLSearchParams(body));
    this.received.push({ method, args, token: request.headers.authorization ?? "" });
    const mishap = this.#mishaps.get(method)?.shift();
    if (mishap === undefined) return this.#answer(response, this.#do(method, args));
    if (mishap.kind === "error")
      return this.#answer(response, { ok: false, error: mishap.code, ...mishap.more });
    if (mishap.done === true) this.#do(method, args);
    this.#fail(response, mishap);
  }

  #fail(response: ServerResponse, mishap: Exclude<Mishap, { kind: "error" }>): void {
    if (mishap.kind === "silence") return;
    if (mishap.kind === "reset") return void response.destroy();
    if (mishap.kind === "status") return void response.writeHead(mishap.status, mishap.headers).end("no");
    if (mishap.kind === "text") return void response.writeHead(200).end(mishap.text);
    response.writeHead(200, { "content-length": "100" }).write('{"ok":');
    setTimeout(() => response.destroy(), 5);
  }

  #answer(response: ServerResponse, answer: object): void {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  }

  #do(method: string, args: Readonly<Record<string, string>>): object {
    const set = this.answers.get(method);
    if (set !== undefined) return { ok: true, ...set };
    if (method === "auth.test") return { ok: true, team_id: "T1", user_id: "U0GANTRY", bot_id: "B0GANTRY" };
    if (method === "conversations.list")
      return { ok: true, channels: [{ id: "C0DEPLOYS", name: "deploys" }] };
    if (method === "conversations.history" || method === "conversations.replies") return this.#history(args);
    if (method !== "chat.postMessage") return { ok: true };
    const metadata: unknown = JSON.parse(args["metadata"] ?? "null");
    const ts = this.place({ thread: args["thread_ts"] ?? null, metadata });
    return { ok: true, channel: "C0DEPLOYS", ts };
  }

  /** Two messages a page. */
  #history(args: Readonly<Record<string, string>>): object {
    if (args["channel"] !== "C0DEPLOYS") return { ok: false, error: "channel_not_found" };
    const thread = args["ts"] ?? null;
    const all = this.messages.filter(
      (each) => each.thread === thread && Number(each.ts) > Number(args["oldest"]),
    );
    const at = Number(args["cursor"] ?? 0);
    const more = at + 2 < all.length;
    const messages = all.slice(at, at + 2);
    return { ok: true, messages, response_metadata: { next_cursor: more ? String(at + 2) : "" } };
  }
}
