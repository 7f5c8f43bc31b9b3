import { signedHeaders } from "./signature.ts";
import type { SlackFaults } from "./slack-faults.ts";

/** Where the app takes payloads of buttons and modals, and where slash commands. */
export type SlackTargets = Readonly<{ interactivity: string; command: string }>;

/** What became of one payload that was sent to the app. */
export type Delivery = Readonly<{
  to: keyof SlackTargets;
  /** As it was sent. */
  rawBody: string;
  headers: Readonly<Record<string, string>>;
  /** null = there was no answer. */
  status: number | null;
  body: string;
  /** Until the answer, or until Slack gave up. */
  ms: number;
  /**
   * What Slack tells the person: `operation_timeout` after three seconds, `dispatch_failed` when the app cannot be reached or
   * answers anything but 200; null = acknowledged.
   */
  error: "operation_timeout" | "dispatch_failed" | null;
}>;

export type DeliveryOptions = Readonly<{
  /** null while the app does not listen. */
  targets: () => SlackTargets | null;
  signingSecret: string;
  ackTimeoutMs: number;
  faults: SlackFaults;
  clock: () => number;
  log: (line: string) => void;
}>;

type Form = Readonly<Record<string, string>>;
type Sent = Pick<Delivery, "to" | "rawBody" | "headers">;

const kept = 200;
const skewSeconds = 301;

/** Sends signed forms to the app and waits three seconds for its answer, never a second time by itself. */
export class AppDelivery {
  readonly #options: DeliveryOptions;
  readonly #past: Delivery[] = [];

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** The last payloads that were sent, newest first. */
  get past(): readonly Delivery[] {
    return this.#past.toReversed();
  }

  async send(to: keyof SlackTargets, form: Form): Promise<Delivery> {
    const rawBody = new URLSearchParams(form).toString();
    const sent = { to, rawBody, headers: this.#headers(rawBody) };
    const twice = this.#options.faults.take("sends-twice") !== null;
    const [first] = await Promise.all([this.#post(sent), ...(twice ? [this.#post(sent)] : [])]);
    return first;
  }

  #headers(rawBody: string): Readonly<Record<string, string>> {
    const { faults, signingSecret, clock } = this.#options;
    const stale = faults.take("stale-timestamp") === null ? 0 : -skewSeconds;
    const future = faults.take("future-timestamp") === null ? 0 : skewSeconds;
    const timestamp = Math.floor(clock() / 1000) + stale + future;
    const secret = faults.take("wrong-signature") === null ? signingSecret : `not-${signingSecret}`;
    return {
      ...signedHeaders(secret, { rawBody, timestamp }),
      "content-type": "application/x-www-form-urlencoded",
      "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    };
  }

  async #post(sent: Sent): Promise<Delivery> {
    const begun = performance.now();
    const answer = await this.#answer(sent);
    const delivery = { ...sent, ...answer, ms: Math.round(performance.now() - begun) };
    this.#past.push(delivery);
    if (this.#past.length > kept) this.#past.shift();
    this.#options.log(
      `slack: sent ${sent.to} payload: ${delivery.error ?? delivery.status} after ${delivery.ms} ms`,
    );
    return delivery;
  }

  async #answer({ to, rawBody, headers }: Sent): Promise<Pick<Delivery, "status" | "body" | "error">> {
    const url = this.#options.targets()?.[to];
    if (url === undefined) return { status: null, body: "", error: "dispatch_failed" };
    const signal = AbortSignal.timeout(this.#options.ackTimeoutMs);
    try {
      const response = await fetch(url, {
        method: "POST",
        body: rawBody,
        headers,
        signal,
        redirect: "manual",
      });
      const body = await response.text();
      return { status: response.status, body, error: response.status === 200 ? null : "dispatch_failed" };
    } catch {
      return { status: null, body: "", error: signal.aborted ? "operation_timeout" : "dispatch_failed" };
    }
  }
}
