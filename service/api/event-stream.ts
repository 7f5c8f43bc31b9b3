import type { Handler } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { StoredEvent } from "../../shared/ports/store.ts";
import { problem } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import type { EventPulse } from "./event-pulse.ts";

const batch = 200;
const reconnectMs = 1_000;

/**
 * Every event of every service as server-sent events. `Last-Event-ID` or `after` (a position) replays what was
 * missed; without either the stream begins now. A comment each `heartbeatMs` keeps proxies from closing it; it ends
 * when the server stops, and the browser comes back with the last position.
 */
export function eventStream(deps: ServiceDeps, pulse: EventPulse): Handler<AppEnv> {
  let open = 0;
  return async (c) => {
    const asked = c.req.header("last-event-id") ?? c.req.query("after") ?? "";
    if (!/^\d{0,15}$/.test(asked)) {
      const detail = "`after` and Last-Event-ID are positions: whole numbers from 0.";
      return problem(c, { code: "query-invalid", detail, next: "Leave it out to begin now." });
    }
    if (c.req.raw.method === "HEAD") return c.body(null, 200, { "content-type": "text/event-stream" });
    if (open >= deps.stream.maxStreams) {
      const detail = `${open} streams are open; no more are taken.`;
      return problem(c, {
        code: "too-many-streams",
        detail,
        next: "Close a page or ask for the releases instead.",
      });
    }
    const after = asked === "" ? await deps.store.lastPosition() : Number(asked);
    open += 1;
    c.header("x-accel-buffering", "no");
    return streamSSE(c, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      if (stream.aborted) gone.abort();
      const stopping = c.env?.stopping;
      const signal = stopping === undefined ? gone.signal : AbortSignal.any([gone.signal, stopping]);
      try {
        await follow({ deps, pulse, stream, after, signal });
      } catch (error) {
        deps.log.error({ requestId: c.get("requestId"), error: String(error) }, "An event stream broke off.");
      } finally {
        open -= 1;
      }
    });
  };
}

type Following = Readonly<{
  deps: ServiceDeps;
  pulse: EventPulse;
  stream: SSEStreamingApi;
  after: number;
  signal: AbortSignal;
}>;

async function follow({ deps, pulse, stream, after, signal }: Following): Promise<void> {
  await stream.write(`retry: ${reconnectMs}\n: from ${after}\n\n`);
  let position = after;
  while (!signal.aborted) {
    const waiting = new AbortController();
    const wait = AbortSignal.any([signal, waiting.signal]);
    const more = pulse.beyond({ after: position, signal: wait }); // asked before the read, so nothing slips between
    const events = await deps.store.eventsAfter({ after: position, limit: batch });
    if (events.length === 0) {
      const beat = deps.clock.sleep({ ms: deps.stream.heartbeatMs, signal: wait }).then(() => "beat");
      if ((await Promise.race([more, beat])) === "beat" && !signal.aborted)
        await stream.write(": still here\n\n");
    }
    waiting.abort();
    for (const stored of events) await send(stream, stored);
    position = events.at(-1)?.position ?? position;
  }
}

/** Without an event name, so that one `onmessage` gets every type; the type is in the data. */
async function send(stream: SSEStreamingApi, stored: StoredEvent): Promise<void> {
  await stream.writeSSE({ id: String(stored.position), data: JSON.stringify(stored) });
}
