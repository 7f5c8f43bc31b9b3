import { randomBytes } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { revisionName } from "../control/resource-names.ts";
import { findRevision, type ServiceKey, type ServiceState } from "../control/service-records.ts";
import { requestTimeoutMs } from "../control/template.ts";
import type { RouteTable } from "../route-table.ts";
import { type Destination, destinationOfHost } from "./address-book.ts";
import type { DataPlane } from "./data-plane.ts";
import { type ExchangeEnd, forward, refuse } from "./forward.ts";
import { NoInstanceError } from "./instance-pool.ts";
import { destinationOfPath } from "./path-route.ts";
import type { RequestLog } from "./request-log.ts";

export type ProxyOptions = Readonly<{
  data: DataPlane;
  routes: RouteTable;
  requests: RequestLog;
  now: () => number;
  stateOf: (key: ServiceKey) => ServiceState | null;
  keys: () => readonly ServiceKey[];
}>;

type Exchange = Readonly<{ incoming: IncomingMessage; response: ServerResponse; path: string }>;

/** Leads requests to an instance of the revision whose turn it is. */
export class RequestProxy {
  readonly #options: ProxyOptions;

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  /** Answers on an address that belongs to one destination. */
  listenerFor(destination: Destination): RequestListener {
    return (incoming, response) => {
      const path = incoming.url ?? "/";
      this.#answer(destination, { incoming, response, path }).catch(() =>
        refuse(response, 500, "Internal Server Error"),
      );
    };
  }

  /** Answers on the shared port, by Host header or by path. False when the request names no destination. */
  answerShared(incoming: IncomingMessage, response: ServerResponse): boolean {
    const byHost = destinationOfHost(incoming.headers.host ?? "", this.#options.keys());
    const found =
      byHost === null
        ? destinationOfPath(incoming.url ?? "/")
        : { destination: byHost, path: incoming.url ?? "/" };
    if (found === null) return false;
    this.#answer(found.destination, { incoming, response, path: found.path }).catch(() =>
      refuse(response, 500, "Internal Server Error"),
    );
    return true;
  }

  async #answer({ key, tag }: Destination, exchange: Exchange): Promise<void> {
    const { routes, stateOf, requests, now } = this.#options;
    const { incoming, response, path } = exchange;
    const state = stateOf(key);
    const name = routes.choose(key, tag);
    const revision = state === null || name === null ? undefined : findRevision(state, name);
    if (state === null || revision === undefined)
      return refuse(response, 404, "The requested URL was not found on this server.");
    const at = now();
    const begun = performance.now();
    await this.#serve(key, revision, exchange, begun);
    requests.add({
      at,
      revision: revisionName(key, revision.name),
      tag,
      method: incoming.method ?? "GET",
      path,
      status: response.statusCode,
      latencyMs: performance.now() - begun,
    });
  }

  async #serve(
    key: ServiceKey,
    revision: ServiceState["revisions"][number],
    { incoming, response, path }: Exchange,
    begun: number,
  ): Promise<void> {
    const pool = this.#options.data.poolOf(key, revision);
    const lease = await pool.acquire().catch((error: unknown) => {
      if (error instanceof NoInstanceError) return error;
      throw error;
    });
    if (lease instanceof NoInstanceError)
      return refuse(
        response,
        lease.statusCode,
        lease.statusCode === 429 ? "Rate exceeded." : "Service Unavailable",
      );
    let end: ExchangeEnd = "done";
    try {
      if (response.destroyed) return;
      const timeoutMs = Math.max(0, requestTimeoutMs(revision.template) - (performance.now() - begun));
      const traceId = randomBytes(16).toString("hex");
      end = await forward({ incoming, response, path, port: lease.port, timeoutMs, traceId });
    } finally {
      lease.release(end);
    }
  }
}
