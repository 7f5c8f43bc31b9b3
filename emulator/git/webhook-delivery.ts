import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultSwitches } from "../build/fault-switches.ts";
import type { WebhookEvent } from "./push-event.ts";

export const gitFaultNames = [
  "lose-webhooks",
  "repeat-webhooks",
  "delay-webhooks",
  "bad-signature",
  "api-unavailable",
] as const;
/** Faults of the webhook: they hold until they are cleared. */
export const standingGitFaults: readonly GitFaultName[] = gitFaultNames.slice(0, 4);
export type GitFaultName = (typeof gitFaultNames)[number];
export type GitFaults = FaultSwitches<GitFaultName>;

/** Where webhooks go, and the secret that signs them. */
export type WebhookTarget = Readonly<{ url: string; secret: string }>;

/** One attempt to deliver one webhook, as GitHub's REST API shows it. */
export type Delivery = Readonly<{
  id: number;
  guid: string;
  delivered_at: string;
  redelivery: boolean;
  duration: number;
  status: string;
  status_code: number;
  event: string;
  action: null;
  installation_id: null;
  repository: string;
  url: string;
  request: Readonly<{ headers: Readonly<Record<string, string>>; payload: object }>;
  response: Readonly<{ headers: Readonly<Record<string, string>>; payload: string }>;
}>;

type Answer = Readonly<{ status: string; code: number; headers: Record<string, string>; body: string }>;

/** The id of the one webhook that every local repository has. */
export const hookId = 1;
const answerWithinMs = 10_000;
const deliveriesKept = 500;

/** Sends webhooks as GitHub does: signed, once, answered within 10 s or given up; never again by itself. */
export class WebhookSender {
  readonly #target: () => WebhookTarget | null;
  readonly #faults: GitFaults;
  readonly #deliveries: Delivery[] = [];
  readonly #stop = new AbortController();
  #nextId = Date.now();

  constructor(target: () => WebhookTarget | null, faults: GitFaults) {
    this.#target = target;
    this.#faults = faults;
  }

  /** The attempts for one repository, newest first. */
  deliveries(repository: string): readonly Delivery[] {
    return this.#deliveries.filter((delivery) => delivery.repository === repository).reverse();
  }

  find(id: number): Delivery | null {
    return this.#deliveries.find((delivery) => delivery.id === id) ?? null;
  }

  /** Sends one event under a new delivery id; the answer of the first attempt. */
  async send(repository: string, event: WebhookEvent): Promise<Delivery> {
    const guid = randomUUID();
    const delay = this.#faults.take("delay-webhooks")?.ms ?? 0;
    if (delay > 0) await sleep(delay, null, { signal: this.#stop.signal }).catch(() => undefined);
    const first = await this.#attempt(repository, event, guid, false);
    const times = this.#faults.take("repeat-webhooks")?.times ?? 0;
    for (let again = 0; again < times; again += 1) await this.#attempt(repository, event, guid, false);
    return first;
  }

  /** Sends a past delivery again, with its delivery id; null when there is none such. */
  async redeliver(id: number): Promise<Delivery | null> {
    const past = this.find(id);
    if (past === null) return null;
    const event = { event: past.event, payload: past.request.payload };
    return this.#attempt(past.repository, event, past.guid, true);
  }

  close(): void {
    this.#stop.abort();
  }

  async #attempt(
    repository: string,
    { event, payload }: Readonly<{ event: string; payload: object }>,
    guid: string,
    redelivery: boolean,
  ): Promise<Delivery> {
    const target = this.#target();
    const body = JSON.stringify(payload);
    const headers = webhookHeaders(event, guid, body, this.#secret(target));
    const start = Date.now();
    const answer = target === null ? nobody : await this.#post(target.url, headers, body);
    this.#nextId += 1;
    const delivery: Delivery = {
      id: this.#nextId,
      guid,
      delivered_at: new Date(start).toISOString(),
      redelivery,
      duration: (Date.now() - start) / 1000,
      status: answer.status,
      status_code: answer.code,
      event,
      action: null,
      installation_id: null,
      repository,
      url: target?.url ?? "",
      request: { headers, payload },
      response: { headers: answer.headers, payload: answer.body },
    };
    this.#deliveries.push(delivery);
    if (this.#deliveries.length > deliveriesKept) this.#deliveries.shift();
    return delivery;
  }

  #secret(target: WebhookTarget | null): string {
    return this.#faults.take("bad-signature") === null ? (target?.secret ?? "") : "not the secret";
  }

  async #post(url: string, headers: Record<string, string>, body: string): Promise<Answer> {
    if (this.#faults.take("lose-webhooks") !== null) return lost;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(answerWithinMs)]);
    try {
      const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
      const status = response.ok ? "OK" : `Invalid HTTP Response: ${response.status}`;
      return {
        status,
        code: response.status,
        headers: Object.fromEntries(response.headers),
        body: await response.text(),
      };
    } catch {
      const status = signal.aborted ? "timed out" : "failed to connect to host";
      return { status, code: signal.aborted ? 504 : 502, headers: {}, body: "" };
    }
  }
}

const nobody: Answer = { status: "no webhook is set", code: 0, headers: {}, body: "" };
const lost: Answer = { status: "failed to connect to host", code: 502, headers: {}, body: "" };

/** The headers of a webhook; the signature is an HMAC with SHA-256 over the raw bytes of the body. */
export function webhookHeaders(
  event: string,
  guid: string,
  body: string,
  secret: string,
): Record<string, string> {
  return {
    "Content-Type": "application/json",
    Accept: "*/*",
    "User-Agent": "GitHub-Hookshot/gantry",
    "X-GitHub-Event": event,
    "X-GitHub-Delivery": guid,
    "X-GitHub-Hook-ID": String(hookId),
    "X-GitHub-Hook-Installation-Target-Type": "repository",
    "X-Hub-Signature": `sha1=${createHmac("sha1", secret).update(body).digest("hex")}`,
    "X-Hub-Signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  };
}
