import { randomBytes } from "node:crypto";
import type { Context } from "hono";
import { getSignedCookie, setSignedCookie } from "hono/cookie";
import { isHttps } from "../request-origin.ts";
import type { AccessToken, AppEnv, ServiceDeps } from "../service-deps.ts";
import { fingerprint } from "./tokens.ts";

export const sessionCookie = "gantry_session";
const lifetimeMs = 12 * 3_600_000;

/** Sessions of the console: a signed cookie that names a token and an end, and nothing kept on the server. */
export type Sessions = Readonly<{
  begin(c: Context<AppEnv>, token: AccessToken): Promise<void>;
  /** The token of a living session; null when there is none, it ended, or the token was taken away. */
  find(c: Context<AppEnv>): Promise<AccessToken | null>;
}>;

export function createSessions({ sessionSecret, tokens, clock }: ServiceDeps): Sessions {
  const secret = sessionSecret ?? randomBytes(32).toString("hex");
  return {
    async begin(c, token) {
      await setSignedCookie(c, sessionCookie, `${clock.now() + lifetimeMs}.${fingerprint(token)}`, secret, {
        httpOnly: true,
        sameSite: "Strict",
        secure: isHttps(c),
        path: "/",
        maxAge: lifetimeMs / 1000,
      });
    },
    async find(c) {
      const value = await getSignedCookie(c, secret, sessionCookie);
      const [until, name] = value ? value.split(".") : [];
      if (Number(until) > clock.now()) return tokens.find((token) => fingerprint(token) === name) ?? null;
      return null;
    },
  };
}
