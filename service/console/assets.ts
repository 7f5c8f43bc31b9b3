import { createHash } from "node:crypto";
import type { Handler } from "hono";
import type { AppEnv } from "../service-deps.ts";

/** Serves a fixed text; a browser that has it already gets 304. */
export function asset(params: Readonly<{ text: string; type: string }>): Handler<AppEnv> {
  const tag = `"${createHash("sha256").update(params.text).digest("base64url").slice(0, 22)}"`;
  return (c) => {
    c.header("etag", tag);
    c.header("cache-control", "no-cache");
    if (c.req.header("if-none-match") === tag) return c.body(null, 304);
    return c.body(params.text, 200, { "content-type": params.type });
  };
}
