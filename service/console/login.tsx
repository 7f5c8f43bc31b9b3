import type { Context, Handler } from "hono";
import { deleteCookie } from "hono/cookie";
import { z } from "zod";
import { type Sessions, sessionCookie } from "../access/session.ts";
import { findToken } from "../access/tokens.ts";
import { paths, safeNext } from "../paths.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { withDoctype } from "./document.ts";
import { LoginPage } from "./plain-pages.tsx";

type Attempt = Readonly<{ token: string; next: string }>;

async function signIn(c: Context<AppEnv>, deps: ServiceDeps, sessions: Sessions, attempt: Attempt) {
  const found = findToken({ tokens: deps.tokens, presented: attempt.token });
  if (found === null) return c.html(withDoctype(<LoginPage next={attempt.next} failed={true} />), 401);
  await sessions.begin(c, found);
  c.get("facts")["identity"] = found.name;
  return c.redirect(attempt.next, 303);
}

/** `GET /login?token=…` signs in and drops the token from the address; without one it asks. */
export function showLogin(deps: ServiceDeps, sessions: Sessions): Handler<AppEnv> {
  return (c) => {
    const { token, next: wanted } = c.req.query();
    const next = safeNext(wanted);
    c.header("cache-control", "no-store");
    if (token === undefined) return c.html(withDoctype(<LoginPage next={next} failed={false} />));
    return signIn(c, deps, sessions, { token, next });
  };
}

const formSchema = z.object({ token: z.string().max(512), next: z.string().max(2048).default("/") });

/** `POST /login` with the token in a form. */
export function postLogin(deps: ServiceDeps, sessions: Sessions): Handler<AppEnv> {
  return async (c) => {
    const form = formSchema.safeParse(await c.req.parseBody());
    if (!form.success) return c.html(withDoctype(<LoginPage next={paths.home()} failed={true} />), 401);
    return signIn(c, deps, sessions, { token: form.data.token, next: safeNext(form.data.next) });
  };
}

/** Ends the session in this browser. */
export function postLogout(): Handler<AppEnv> {
  return (c) => {
    deleteCookie(c, sessionCookie, { path: "/" });
    return c.redirect("/login", 303);
  };
}
