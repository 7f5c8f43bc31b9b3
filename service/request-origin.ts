import type { Context } from "hono";
import type { AppEnv } from "./service-deps.ts";

/** True also behind a proxy that ends TLS, as Cloud Run's front does. */
export function isHttps(c: Context<AppEnv>): boolean {
  return new URL(c.req.url).protocol === "https:" || c.req.header("x-forwarded-proto") === "https";
}

/** Where whoever asks reached this service, as `https://host`. What the request claims: only to be told to who made it. */
export function originOf(c: Context<AppEnv>): string {
  return `${isHttps(c) ? "https" : "http"}://${new URL(c.req.url).host}`;
}
