import type { EventOf, EventType, ServiceEvent } from "../../shared/domain/events.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import { type ShownEvent, storedEventShape } from "../api-shapes.ts";
import { serverSentData } from "../server-sent-events.ts";

/** Where Gantry answers now; it changes when Gantry is started again. */
export type GantryAddress = Readonly<{ url: string; token: string }>;

type Match = (event: ServiceEvent) => boolean;
type Waiting = Readonly<{ match: Match; found: (event: ServiceEvent) => void; fail: (why: unknown) => void }>;

const againAfterMs = 20;
const reachWithinMs = 5_000;

/** Everything that happened, in order and each once, as Gantry's own event stream tells it. */
export class EventTrail {
  readonly #address: () => GantryAddress | null;
  readonly #signal: AbortSignal;
  readonly #events: ServiceEvent[] = [];
  readonly #waiting = new Set<Waiting>();
  #position = 0;

  constructor(address: () => GantryAddress | null, signal: AbortSignal) {
    this.#address = address;
    this.#signal = signal;
    signal.addEventListener("abort", () => {
      for (const { fail } of this.#waiting) fail(signal.reason);
      this.#waiting.clear();
    });
  }

  get events(): readonly ServiceEvent[] {
    return this.#events;
  }

  of(releaseId: ReleaseId): readonly ServiceEvent[] {
    return this.#events.filter((event) => event.releaseId === releaseId);
  }

  /** The first event of a type, of one release where it is named. Rejects when the rehearsal ends before it. */
  async first<T extends EventType>(type: T, releaseId?: ReleaseId): Promise<EventOf<T>> {
    const isIt = (event: ServiceEvent): event is ServiceEvent & EventOf<T> =>
      event.type === type && (releaseId === undefined || event.releaseId === releaseId);
    const event = await this.until(isIt);
    if (isIt(event)) return event;
    throw new Error(`${event.type} is not ${type}`);
  }

  /** The next event of a type about the same release. */
  after(before: ServiceEvent, type: EventType): Promise<ServiceEvent> {
    const since = this.#events.indexOf(before);
    const isIt = (event: ServiceEvent): boolean =>
      event.type === type && event.releaseId === before.releaseId && this.#events.indexOf(event) > since;
    return this.until(isIt);
  }

  /** The first event that matches, past or to come. */
  until(match: Match): Promise<ServiceEvent> {
    const known = this.#events.find(match);
    if (known !== undefined) return Promise.resolve(known);
    if (this.#signal.aborted) return Promise.reject(this.#signal.reason);
    return new Promise((found, fail) => this.#waiting.add({ match, found, fail }));
  }

  /** Waits until it tells everything up to this position, for a while: a stream lags behind its store. */
  async reach(position: number): Promise<void> {
    const endsAt = Date.now() + reachWithinMs;
    while (this.#position < position && !this.#signal.aborted && Date.now() < endsAt)
      await new Promise((resolve) => setTimeout(resolve, againAfterMs));
  }

  /** Reads the stream until the signal aborts; a stream that breaks off is taken up again where it was. */
  async follow(): Promise<void> {
    while (!this.#signal.aborted) {
      const address = this.#address();
      if (address !== null) await this.#read(address).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, againAfterMs));
    }
  }

  async #read({ url, token }: GantryAddress): Promise<void> {
    const answer = await fetch(`${url}/api/v1/events?after=${this.#position}`, {
      headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" },
      signal: this.#signal,
    });
    if (!answer.ok || answer.body === null) return;
    for await (const data of serverSentData(answer.body)) {
      if (data !== "") this.#take(storedEventShape.parse(JSON.parse(data)));
    }
  }

  #take({ position, event }: ShownEvent): void {
    if (position <= this.#position) return;
    this.#position = position;
    this.#events.push(event);
    for (const waiting of [...this.#waiting]) {
      if (!waiting.match(event)) continue;
      this.#waiting.delete(waiting);
      waiting.found(event);
    }
  }
}
