import type { ServiceDeps } from "../service-deps.ts";

/** Tells followers that there may be events after a position. */
export type EventPulse = Readonly<{
  /** Resolves when the store may hold events after `after`, or when the signal aborts. */
  beyond(params: Readonly<{ after: number; signal: AbortSignal }>): Promise<void>;
}>;

type Waiter = Readonly<{ after: number; resolve: () => void }>;

/**
 * One listener, or one poll each `pollMs` while anybody waits, for all followers together: a hundred open pages cost
 * the store no more than one.
 */
export function createEventPulse({
  store,
  clock,
  log,
  onCommit,
  stream,
}: Pick<ServiceDeps, "store" | "clock" | "log" | "onCommit" | "stream">): EventPulse {
  const waiters = new Set<Waiter>();
  let polling = false;

  const wake = (position: number) => {
    for (const waiter of waiters) if (waiter.after < position) waiter.resolve();
  };
  onCommit?.(() => wake(Number.POSITIVE_INFINITY));

  async function poll(): Promise<void> {
    polling = true;
    const never = new AbortController().signal;
    while (waiters.size > 0) {
      await clock.sleep({ ms: stream.pollMs, signal: never });
      await store.lastPosition().then(wake, (error: unknown) => {
        log.warn({ error: String(error) }, "The store did not tell its last event.");
      });
    }
    polling = false;
  }

  return {
    beyond: ({ after, signal }) =>
      new Promise<void>((resolve) => {
        const done = () => {
          waiters.delete(waiter);
          signal.removeEventListener("abort", done);
          resolve();
        };
        const waiter = { after, resolve: done };
        if (signal.aborted) return resolve();
        waiters.add(waiter);
        signal.addEventListener("abort", done);
        if (onCommit === null && !polling) void poll();
      }),
  };
}
