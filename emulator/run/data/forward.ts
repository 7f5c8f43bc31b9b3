import { type IncomingMessage, request, type ServerResponse } from "node:http";

/** Headers that concern one connection only and are not handed on. */
const HOP_BY_HOP: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

type Headers = IncomingMessage["headers"];

function endToEnd(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));
}

function forwardedHeaders(incoming: IncomingMessage, traceId: string): Headers {
  const client = incoming.socket.remoteAddress ?? "127.0.0.1";
  return {
    ...endToEnd(incoming.headers),
    "x-forwarded-for": [incoming.headers["x-forwarded-for"], client].filter(Boolean).join(", "),
    "x-forwarded-proto": "http",
    "x-cloud-trace-context": incoming.headers["x-cloud-trace-context"] ?? `${traceId}/1;o=1`,
  };
}

/** Ends a request with a status and a text of Cloud Run's own. */
export function refuse(response: ServerResponse, statusCode: number, text: string): void {
  if (response.writableEnded) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(statusCode, { "content-type": "text/plain; charset=utf-8", connection: "close" });
  response.end(`${text}\n`);
}

/** How an exchange with an instance ended; `broken` raises the suspicion that the instance is gone. */
export type ExchangeEnd = "done" | "broken";

export type Forwarding = Readonly<{
  incoming: IncomingMessage;
  response: ServerResponse;
  path: string;
  port: number;
  /** Milliseconds that are left of the request's time. */
  timeoutMs: number;
  traceId: string;
}>;

/**
 * Hands a request to an instance and streams the answer back. Resolves when the exchange is over, however it ended: 504 when
 * the time is up before the headers came, 503 and `broken` when the instance broke off by itself.
 */
export function forward({
  incoming,
  response,
  path,
  port,
  timeoutMs,
  traceId,
}: Forwarding): Promise<ExchangeEnd> {
  return new Promise((resolve) => {
    let end: ExchangeEnd = "done";
    const upstream = request({
      host: "127.0.0.1",
      port,
      method: incoming.method,
      path,
      headers: forwardedHeaders(incoming, traceId),
      agent: false,
      setHost: false,
    });
    const timer = setTimeout(() => {
      refuse(response, 504, "upstream request timeout");
      upstream.destroy();
    }, timeoutMs);
    upstream.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
      answer.once("error", () => {
        if (!response.destroyed) end = "broken";
        response.destroy();
      });
      answer.pipe(response);
    });
    upstream.once("error", () => {
      if (!response.writableEnded && !response.destroyed) end = "broken";
      refuse(
        response,
        503,
        "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
      );
    });
    upstream.once("close", () => {
      clearTimeout(timer);
      resolve(end);
    });
    response.once("close", () => upstream.destroy());
    incoming.pipe(upstream);
  });
}
