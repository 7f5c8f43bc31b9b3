import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import type { ProbeAnswer, ProbePort, ProbeRequest } from "../../ports/probe.ts";
import { readBoundedBody } from "./bounded-body.ts";

/** Headers that prove to a private service who asks, for example an ID token; the check's own headers win. */
export type Authorize = (url: string) => Promise<Readonly<Record<string, string>>>;

/** A header that decides how the message is framed, or which service Google's front end hands it to. */
const reservedHeaders = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Asks over HTTP/1.1 on a connection of its own that is closed afterwards. One time limit holds for everything (token,
 * name, connect, headers, body); the body is cut at `maxBytes` also after decompression; redirects are answers.
 */
export function createHttpProbe(options: Readonly<{ authorize?: Authorize }> = {}): ProbePort {
  const authorize = options.authorize ?? (() => Promise.resolve({}));
  return { request: (request) => ask({ request, authorize }) };
}

async function ask(params: Readonly<{ request: ProbeRequest; authorize: Authorize }>): Promise<ProbeAnswer> {
  const { request, authorize } = params;
  const began = performance.now();
  const limit = startLimit(request);
  let phase: "headers" | "body" = "headers";
  try {
    const url = targetOf(request.url);
    const granted = await limit.race(authorize(url.href).catch(unauthorized));
    const response = await limit.race(
      send({ request, url, headers: headersOf({ request, granted }), stop: limit.signal }),
    );
    phase = "body";
    const { body, truncated } = await limit.race(readBoundedBody({ response, maxBytes: request.maxBytes }));
    const headers = plainHeaders(response);
    const status = response.statusCode ?? 0;
    return { kind: "answer", status, headers, body, truncated, durationMs: since(began) };
  } catch (error) {
    const durationMs = since(began);
    if (limit.timedOut()) return { kind: "timeout", durationMs, phase };
    return { kind: "error", message: describe(error), durationMs };
  } finally {
    limit.release();
  }
}

type Limit = Readonly<{
  signal: AbortSignal;
  timedOut: () => boolean;
  /** Rejects as soon as the time is over or the caller called it off, whatever the promise does. */
  race: <T>(promise: Promise<T>) => Promise<T>;
  /** Ends whatever still runs. */
  release: () => void;
}>;

function startLimit(request: ProbeRequest): Limit {
  const stop = new AbortController();
  let timedOut = false;
  const callOff = (): void => stop.abort(new Error("the probe was called off"));
  const timer = setTimeout(() => {
    timedOut = true;
    stop.abort(new Error("the time is over"));
  }, request.timeoutMs);
  request.signal.addEventListener("abort", callOff, { once: true });
  if (request.signal.aborted) callOff();
  const ended = new Promise<never>((_, reject) => {
    if (stop.signal.aborted) reject(stop.signal.reason);
    stop.signal.addEventListener("abort", () => reject(stop.signal.reason), { once: true });
  });
  ended.catch(() => undefined);
  return {
    signal: stop.signal,
    timedOut: () => timedOut,
    race: (promise) => Promise.race([promise, ended]),
    release: () => {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", callOff);
      stop.abort(new Error("the probe is over"));
    },
  };
}

/** Resolves with the head of the answer. Aborting `stop` destroys the connection, before and after that. */
function send(
  params: Readonly<{
    request: ProbeRequest;
    url: URL;
    headers: Readonly<Record<string, string>>;
    stop: AbortSignal;
  }>,
): Promise<IncomingMessage> {
  const { request, url, headers, stop } = params;
  const options: RequestOptions = { method: request.method, headers, agent: false };
  return new Promise((resolve, reject) => {
    stop.throwIfAborted();
    const outgoing = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, options);
    stop.addEventListener("abort", () => outgoing.destroy(), { once: true });
    outgoing.on("error", reject);
    outgoing.on("upgrade", (_, socket) => {
      socket.destroy();
      reject(new Error("the answer switches to another protocol"));
    });
    outgoing.on("response", (response) => {
      response.on("error", () => undefined);
      resolve(response);
    });
    outgoing.end(request.body ?? undefined);
  });
}

function targetOf(text: string): URL {
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new Error(`only http and https are asked, not ${url.protocol.slice(0, -1)}`);
  }
  if (url.username !== "" || url.password !== "") throw new Error("a URL with credentials is not asked");
  return url;
}

function headersOf(
  params: Readonly<{ request: ProbeRequest; granted: Readonly<Record<string, string>> }>,
): Record<string, string> {
  const { request, granted } = params;
  const headers: Record<string, string> = { "user-agent": "gantry-probe", "accept-encoding": "identity" };
  for (const [name, value] of [...Object.entries(granted), ...Object.entries(request.headers)]) {
    const key = name.toLowerCase();
    if (reservedHeaders.has(key)) throw new Error(`the header "${key}" may not be set`);
    headers[key] = value;
  }
  if (request.body !== null) headers["content-length"] = String(Buffer.byteLength(request.body));
  return headers;
}

function plainHeaders(response: IncomingMessage): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) plain[name] = typeof value === "string" ? value : value.join(", ");
  }
  return plain;
}

function since(began: number): number {
  return Math.round(performance.now() - began);
}

function unauthorized(error: unknown): never {
  throw new Error(`no identity token: ${describe(error)}`);
}

const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection reset",
  ENOTFOUND: "host name not found",
  EAI_AGAIN: "host name not resolved",
  HPE_HEADER_OVERFLOW: "headers larger than 16 KiB",
  ERR_INVALID_CHAR: "a header holds a character that is not allowed",
};

/** A short sentence for a person; never the text of a header or a body. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code.startsWith("HPE_") && sentences[code] === undefined) return `not valid HTTP (${code})`;
  if (code.startsWith("Z_")) return `body is not valid compressed data (${code})`;
  return sentences[code] ?? (error.message === "" ? code : error.message);
}
