import type { HttpFunction, Request } from "@google-cloud/functions-framework";
import type { SentHeaders } from "../shared/ports/identity-tokens.ts";

/** What came over HTTP, header names in lower case. */
type Push = Readonly<{
  headers: Request["headers"];
  path: string;
  body: unknown; // undefined = none that is JSON
  raw: Uint8Array;
}>;

/** A function that takes pushes. */
export type Endpoint = Readonly<{
  log: { error: (fields: Readonly<Record<string, unknown>>, message: string) => void };
  trust: (
    headers: SentHeaders,
  ) => Promise<Readonly<{ verdict: "trusted" } | { verdict: "refused" | "unknown"; why: string }>>;
  take: (push: Push) => Promise<"acknowledged" | "laid-aside" | "again">;
}>;

/**
 * HTTP around a function: 204 = Pub/Sub need not come again, 5xx = it has to. It is an `http` function and no `cloudEvent` one,
 * because the framework takes from a push which attempt it is, and answers a GET with 500.
 */
export function endpoint(open: () => Promise<Endpoint>, write: (line: string) => void): HttpFunction {
  let opened: Promise<Endpoint> | null = null;
  return async (request, response) => {
    if (request.method !== "POST") return response.set("allow", "POST").sendStatus(405);
    const mine = opened ?? open();
    opened = mine;
    try {
      return response.sendStatus(await answer(await mine, request));
    } catch (error) {
      if (opened === mine) opened = null; // what could not be opened is opened anew by the next push
      write(
        `${JSON.stringify({ severity: "ERROR", message: "A push failed; it comes again", err: String(error) })}\n`,
      );
      return response.sendStatus(500);
    }
  };
}

async function answer({ log, trust, take }: Endpoint, request: Request): Promise<number> {
  const verdict = await trust(request.headersDistinct);
  if (verdict.verdict !== "trusted") {
    log.error({ path: request.path, why: verdict.why }, "A push is not trusted; nothing was done");
    return verdict.verdict === "unknown" ? 503 : 401;
  }
  const { headers, path, body, rawBody = new Uint8Array() } = request;
  const outcome = await take({ headers, path, body: isJson(body) ? body : undefined, raw: rawBody });
  return outcome === "again" ? 500 : 204;
}

function isJson(body: unknown): boolean {
  return typeof body === "object" && body !== null && !(body instanceof Uint8Array);
}
