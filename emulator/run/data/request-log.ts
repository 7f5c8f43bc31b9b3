import { Ring } from "./ring.ts";

const KEPT_REQUESTS = 2000;

/** One request that a revision, or the proxy on its behalf, answered. */
export type RequestLogEntry = Readonly<{
  /** Milliseconds since the epoch, when it came. */
  at: number;
  revision: string;
  tag: string;
  method: string;
  path: string;
  status: number;
  latencyMs: number;
}>;

export type RequestStats = Readonly<{
  requests: number;
  byStatusClass: Readonly<Record<string, number>>;
}>;

/** The newest requests and the counts of all, by full revision name. */
export class RequestLog {
  readonly #listeners = new Set<(entry: RequestLogEntry) => void>();
  readonly #entries = new Map<string, Ring<RequestLogEntry>>();
  readonly #stats = new Map<string, { requests: number; byStatusClass: Record<string, number> }>();

  /** Calls back with each request from now on; the answer ends that. */
  listen(listener: (entry: RequestLogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(entry: RequestLogEntry): void {
    for (const listener of this.#listeners) listener(entry);
    const ring = this.#entries.get(entry.revision) ?? new Ring<RequestLogEntry>(KEPT_REQUESTS);
    ring.add(entry);
    this.#entries.set(entry.revision, ring);
    const stats = this.#stats.get(entry.revision) ?? { requests: 0, byStatusClass: {} };
    const statusClass = `${Math.floor(entry.status / 100)}xx`;
    stats.requests += 1;
    stats.byStatusClass[statusClass] = (stats.byStatusClass[statusClass] ?? 0) + 1;
    this.#stats.set(entry.revision, stats);
  }

  /** Oldest first. */
  entries(revision: string): readonly RequestLogEntry[] {
    return this.#entries.get(revision)?.entries() ?? [];
  }

  stats(revision: string): RequestStats {
    return this.#stats.get(revision) ?? { requests: 0, byStatusClass: {} };
  }
}
