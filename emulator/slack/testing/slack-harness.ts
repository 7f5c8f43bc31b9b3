import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type Server } from "node:http";
import { WebClient } from "@slack/web-api";
import { type Slack, type SlackOptions, startSlack } from "../start-slack.ts";

export const signingSecret = "8f742231b10e8888abcd99yyyzzz85a5";
export const botToken = "xoxb-local";

/** A request as the app got it. */
export type Received = Readonly<{
  path: string;
  rawBody: string;
  timestamp: string;
  signature: string;
  signatureIsRight: boolean;
}>;

/** What the app answers; null = nothing, ever. */
export type AppAnswer = Readonly<{ status?: number; body?: string }> | null;

/** An app that takes payloads, checks their signatures by itself, and answers as it is told. */
export class RecordingApp {
  readonly received: Received[] = [];
  answer: (received: Received) => Promise<AppAnswer> | AppAnswer = () => ({});
  readonly #server: Server;
  url = "";

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", async () => {
        const rawBody = Buffer.concat(chunks).toString("utf8");
        const timestamp = String(request.headers["x-slack-request-timestamp"]);
        const signature = String(request.headers["x-slack-signature"]);
        const signatureIsRight = signatureFits({ rawBody, timestamp, signature });
        const received = { path: request.url ?? "", rawBody, timestamp, signature, signatureIsRight };
        this.received.push(received);
        const answer = await this.answer(received);
        if (answer !== null) response.writeHead(answer.status ?? 200).end(answer.body ?? "");
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    const address = this.#server.address();
    this.url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  }

  /** The payload of the last interaction. */
  get payload() {
    return JSON.parse(new URLSearchParams(this.received.at(-1)?.rawBody).get("payload") ?? "null");
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

/** The check that Slack's documentation asks of an app, written down a second time so that the two can disagree. */
export function signatureFits(
  request: Readonly<{ rawBody: string; timestamp: string; signature: string }>,
): boolean {
  const base = `v0:${request.timestamp}:${request.rawBody}`;
  const expected = Buffer.from(`v0=${createHmac("sha256", signingSecret).update(base).digest("hex")}`);
  const actual = Buffer.from(request.signature);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** A workspace, an app that listens to it, and the real client; `close` ends all of it. */
export async function slackHarness(options: Partial<SlackOptions> = {}) {
  const app = new RecordingApp();
  await app.start();
  const targets = { interactivity: `${app.url}/interactivity`, command: `${app.url}/command` };
  const slack: Slack = await startSlack({ targets: () => targets, signingSecret, botToken, ...options });
  const client = clientFor(slack);
  const close = async (): Promise<void> => {
    await slack.close();
    await app.close();
  };
  return { app, slack, client, close };
}

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  setName: () => undefined,
};

/** `@slack/web-api` with limits under which a test can wait for it. */
export function clientFor(slack: Slack, { token = botToken, timeout = 5000 } = {}): WebClient {
  return new WebClient(token, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 1, minTimeout: 1, maxTimeout: 1 },
    timeout,
    logger: { ...silent, getLevel: () => "error" as never },
  });
}

/** The data of the error that the client throws. */
export async function refusal(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    return error as Readonly<{
      code?: string;
      data?: Readonly<Record<string, unknown>>;
      retryAfter?: number;
    }>;
  }
  throw new Error("the call went well");
}
