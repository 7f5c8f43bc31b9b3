import type { Clock } from "../../ports/system.ts";
import { readKeySet, type SigningKeys } from "./json-web-keys.ts";

export type KeyLimits = Readonly<{
  fetchMs: number; // for the whole answer
  maxBytes: number;
  minFreshMs: number; // keys are kept for at least this long, whatever the answer says
  maxFreshMs: number; // and never longer than this
  defaultFreshMs: number; // where the answer does not say
  /** Between two fetches for a key that is not known: nobody makes Gantry ask faster by inventing ids. */
  unknownEveryMs: number;
  /** Between two fetches while they fail. */
  retryEveryMs: number;
  /** After their end keys are still believed for this long while no newer ones can be had. */
  staleMs: number;
}>;

export const keyLimits: KeyLimits = {
  fetchMs: 3_000,
  maxBytes: 256 * 1_024,
  minFreshMs: 60_000,
  maxFreshMs: 24 * 3_600_000,
  defaultFreshMs: 5 * 60_000,
  unknownEveryMs: 60_000,
  retryEveryMs: 5_000,
  staleMs: 3_600_000,
};

export type KeyStoreOptions = Readonly<{ url: string; algorithm: string; clock: Clock; limits: KeyLimits }>;

export type KeyAnswer =
  | Readonly<{ kind: "key"; key: CryptoKey }>
  | Readonly<{ kind: "unknown" }> // the issuer has no such key
  | Readonly<{ kind: "unavailable"; why: string }>; // the issuer did not answer

type CryptoKey = NonNullable<ReturnType<SigningKeys["get"]>>;
type Held = Readonly<{ keys: SigningKeys; fetchedAt: number; freshUntil: number }>;
type Failure = Readonly<{ at: number; why: string }>;

/**
 * The public keys of one issuer. They are fetched when they are first needed and when they have aged as `Cache-Control`
 * says, by one fetch at a time, and once more when a token names an unknown one: keys are rotated before their age is up.
 */
export class KeyStore {
  readonly #options: KeyStoreOptions;
  #held: Held | null = null;
  #failure: Failure | null = null;
  #fetching: Promise<void> | null = null;

  constructor(options: KeyStoreOptions) {
    this.#options = options;
  }

  async find(kid: string): Promise<KeyAnswer> {
    if (this.#isDue()) await this.#refresh();
    const known = this.#usable()?.keys.get(kid);
    if (known !== undefined) return { kind: "key", key: known };
    if (this.#mayAskForUnknown()) await this.#refresh();
    const held = this.#usable();
    const key = held?.keys.get(kid);
    if (key !== undefined) return { kind: "key", key };
    if (held === null || this.#failure !== null)
      return { kind: "unavailable", why: this.#failure?.why ?? "no keys yet" };
    return { kind: "unknown" };
  }

  #now(): number {
    return this.#options.clock.now();
  }

  #isDue(): boolean {
    return (this.#held === null || this.#now() >= this.#held.freshUntil) && this.#mayRetry();
  }

  #mayRetry(): boolean {
    const { retryEveryMs } = this.#options.limits;
    return this.#failure === null || this.#now() - this.#failure.at >= retryEveryMs;
  }

  #mayAskForUnknown(): boolean {
    const { unknownEveryMs } = this.#options.limits;
    return this.#held !== null && this.#now() - this.#held.fetchedAt >= unknownEveryMs && this.#mayRetry();
  }

  #usable(): Held | null {
    const held = this.#held;
    return held !== null && this.#now() < held.freshUntil + this.#options.limits.staleMs ? held : null;
  }

  #refresh(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    const { url, algorithm, limits } = this.#options;
    try {
      const answer = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(limits.fetchMs) });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const keys = await readKeySet(await boundedText(answer, limits.maxBytes), algorithm);
      const fetchedAt = this.#now();
      this.#held = { keys, fetchedAt, freshUntil: fetchedAt + freshMs(answer.headers, limits) };
      this.#failure = null;
    } catch (error) {
      this.#failure = { at: this.#now(), why: `${new URL(url).host}: ${reasonOf(error)}` };
    }
  }
}

/** How long an answer may be kept (RFC 9111, `max-age` less `Age`), within the limits. */
function freshMs(headers: Headers, { minFreshMs, maxFreshMs, defaultFreshMs }: KeyLimits): number {
  const maxAge = /(?:^|[\s,])max-age=(\d{1,9})/i.exec(headers.get("cache-control") ?? "")?.[1];
  if (maxAge === undefined) return defaultFreshMs;
  const age = /^\d{1,9}$/.exec(headers.get("age") ?? "")?.[0] ?? "0";
  return Math.min(maxFreshMs, Math.max(minFreshMs, (Number(maxAge) - Number(age)) * 1_000));
}

async function boundedText(answer: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`it is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** `fetch` hides what went wrong in `cause`. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message.slice(0, 200) : "no answer";
}
