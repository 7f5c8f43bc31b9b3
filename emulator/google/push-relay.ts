import { setMaxListeners } from "node:events";
import { Agent, createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/**
 * What becomes of one delivery, for rehearsals of bad days. `copies`: how often the function gets it (0 = it is acknowledged
 * and never arrives). `delayMs`: of each copy, so that a later message overtakes it. `losesAnswer`: the function's answer does
 * not come back, and Pub/Sub delivers again.
 */
export type Disturbance = Readonly<{ copies: number; delayMs: number; losesAnswer: boolean }>;

/** One delivery as the relay made it. `status` null = the function did not answer. */
export type RelayedPush = Readonly<{
  subscription: string;
  messageId: string;
  attempt: number; // 1-based
  target: string | null; // null = nobody was there
  /** What was pushed, as JSON. */
  body: string;
  status: number | null;
  durationMs: number;
}>;

/** A delivery before it is made. */
export type ComingPush = Pick<RelayedPush, "subscription" | "messageId" | "attempt">;

/** Who takes a push: the address, as a push endpoint would say it. `answered` is called once it is over. */
export type PushTarget = Readonly<{ url: string; answered: () => void }>;

export type PushRelayOptions = Readonly<{
  /** Who takes the next push of a subscription; null = nobody is there. */
  target: (subscription: string) => PushTarget | null;
  /** How long Pub/Sub waits for an answer before it delivers again. */
  ackDeadlineMs: (subscription: string) => number;
  /** The token of a push to this endpoint, as Pub/Sub signs one. Null = none. */
  sign: ((endpoint: string) => Promise<string>) | null;
  disturb?: (push: ComingPush) => Disturbance;
  onDelivery?: (push: RelayedPush) => void;
}>;

export type PushRelay = Readonly<{
  /** The push endpoint that the emulator is given for a subscription. */
  endpoint: (subscription: string) => string;
  close: () => Promise<void>;
}>;

const bodyShape = z.looseObject({
  message: z.looseObject({ messageId: z.string(), publishTime: z.string().optional() }),
});

const calm: Disturbance = { copies: 1, delayMs: 0, losesAnswer: false };

/** Pub/Sub takes these as an acknowledgement (https://cloud.google.com/pubsub/docs/push#receive_push). */
const acknowledged: readonly number[] = [102, 200, 201, 202, 204];

/**
 * Stands between Google's Pub/Sub emulator and the functions, and adds what the emulator leaves out of a push: which attempt it
 * is, the token, and the ack deadline. The emulator waits for an answer for ever, with two pushes of a subscription under way at
 * most, so that two that are never answered would end all deliveries. On request the relay repeats, delays, reorders and loses.
 */
export async function startPushRelay(options: PushRelayOptions): Promise<PushRelay> {
  const relay = new Relay(options);
  const server = createServer((request, response) => {
    relay.take(request).then(
      (status) => response.writeHead(status).end(),
      () => response.writeHead(502).end(),
    );
  });
  server.requestTimeout = 0;
  const port = await listen(server);
  return {
    endpoint: (subscription) => `http://127.0.0.1:${port}/push/${encodeURIComponent(subscription)}`,
    close: async () => {
      relay.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address !== null && typeof address === "object") resolve(address.port);
      else reject(new Error("the relay listens on no port"));
    });
  });
}

class Relay {
  readonly #options: PushRelayOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #attempts = new Map<string, number>();
  readonly #closing = new AbortController();

  constructor(options: PushRelayOptions) {
    this.#options = options;
    setMaxListeners(0, this.#closing.signal); // one for each push under way
  }

  close(): void {
    this.#closing.abort();
    this.#agent.destroy();
  }

  /** Answers what the emulator is told. */
  async take(request: IncomingMessage): Promise<number> {
    const subscription = decodeURIComponent((request.url ?? "").replace(/^\/push\//, ""));
    const body = bodyShape.parse(JSON.parse(await textOf(request)));
    const { messageId, publishTime } = body.message;
    const key = JSON.stringify([subscription, messageId, publishTime]);
    const attempt = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempt);
    const push = { subscription, messageId, attempt };
    const { copies, delayMs, losesAnswer } = this.#options.disturb?.(push) ?? calm;
    if (copies === 0) return 204;
    const text = JSON.stringify({ ...body, deliveryAttempt: attempt });
    const sent = Array.from({ length: copies }, () => this.#deliver(push, text, delayMs));
    const statuses = await this.#untilDeadline(subscription, Promise.all(sent));
    if (statuses === null) return 504;
    const status = statuses.every((one) => acknowledged.includes(one)) ? 204 : (statuses[0] ?? 502);
    if (status === 204 && !losesAnswer) this.#attempts.delete(key);
    return losesAnswer ? 504 : status;
  }

  /** Null = it took too long. What was sent stays with the function, which may still end it. */
  async #untilDeadline<T>(subscription: string, answer: Promise<T>): Promise<T | null> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#closing.signal]);
    try {
      return await Promise.race([answer, sleep(this.#options.ackDeadlineMs(subscription), null, { signal })]);
    } finally {
      over.abort();
    }
  }

  async #deliver(push: ComingPush, text: string, delayMs: number): Promise<number> {
    if (delayMs > 0) await sleep(delayMs, undefined, { signal: this.#closing.signal });
    const began = performance.now();
    const target = this.#options.target(push.subscription);
    const status = target === null ? 503 : await this.#send(target.url, text).catch(() => null);
    target?.answered();
    this.#options.onDelivery?.({
      ...push,
      target: target?.url ?? null,
      body: text,
      status,
      durationMs: performance.now() - began,
    });
    return status ?? 502;
  }

  async #send(target: string, text: string): Promise<number> {
    const token = await this.#options.sign?.(target);
    const headers = {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    return post(this.#agent, target, headers, text, this.#closing.signal);
  }
}

/** No time limit of its own: a push may take as long as its ack deadline, and the emulator keeps that. */
function post(
  agent: Agent,
  url: string,
  headers: Readonly<Record<string, string>>,
  text: string,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: "POST", agent, headers, signal }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 502));
      response.once("error", reject);
    });
    request.once("error", reject);
    request.end(text);
  });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
