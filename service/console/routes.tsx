import { type Context, type Handler, Hono, type MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { ServiceKey } from "../../shared/domain/ids.ts";
import { roleMissingWords } from "../access/guard.ts";
import { sameOrigin } from "../access/same-origin.ts";
import type { Sessions } from "../access/session.ts";
import { visitOfConsole } from "../access/visit.ts";
import { releaseOf } from "../api/parameters.ts";
import { decisions } from "../api/release-commands.ts";
import { explanationOf } from "../api/releases.ts";
import type { TrafficReading } from "../api/traffic-reading.ts";
import { refusalView, releaseView } from "../api/views.ts";
import { paths, safeNext } from "../paths.ts";
import { problem } from "../problem.ts";
import type { AppEnv, Identity, ServiceDeps } from "../service-deps.ts";
import { postAccept, postDecision, postFree, postFreeze, postLift, postRollBack } from "./actions.tsx";
import { asset } from "./assets.ts";
import { showCostPage } from "./cost-route.tsx";
import { withDoctype } from "./document.ts";
import { HomePage } from "./home-page.tsx";
import { readHome } from "./home-reading.ts";
import { liveScript } from "./live-script.ts";
import { postLogin, postLogout, showLogin } from "./login.tsx";
import { ComeInPage, MessagePage, RefusalPage } from "./plain-pages.tsx";
import { ReleasePage } from "./release-page.tsx";
import { stylesheet } from "./stylesheet.ts";

type Console = Readonly<{ sessions: Sessions; traffic: (service: ServiceKey) => Promise<TrafficReading> }>;

/** The pages for people: the same data as the API, drawn on the server. */
export function createConsole(deps: ServiceDeps, { sessions, traffic }: Console): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const signedIn = sessionGuard(deps, sessions);
  app.get("/assets/console.css", asset({ text: stylesheet, type: "text/css; charset=utf-8" }));
  app.get("/assets/console.js", asset({ text: liveScript, type: "text/javascript; charset=utf-8" }));
  app.get("/login", showLogin(deps, sessions));
  app.post("/login", sameOrigin, postLogin(deps, sessions));
  app.post("/logout", sameOrigin, postLogout());
  app.get("/", signedIn, showHome(deps, traffic));
  app.get("/releases/:id", signedIn, showRelease(deps));
  app.get("/refusals/:id", signedIn, showRefusal(deps));
  app.get("/services/:project/:region/:name/cost", signedIn, showCostPage(deps));
  for (const decision of decisions) {
    app.post(`/releases/:id/${decision}`, sameOrigin, signedIn, postDecision(deps, decision));
  }
  app.post("/services/:project/:region/:name/rollback", sameOrigin, signedIn, postRollBack(deps));
  app.post("/services/:project/:region/:name/quarantine/:digest/free", sameOrigin, signedIn, postFree(deps));
  app.post("/services/:project/:region/:name/accept", sameOrigin, signedIn, postAccept(deps));
  app.post("/services/:project/:region/:name/freeze", sameOrigin, signedIn, postFreeze(deps));
  app.post("/freezes/:id/lift", sameOrigin, signedIn, postLift(deps));
  return app;
}

/** Sends whoever is not signed in to the sign-in page, and back afterwards. */
function sessionGuard(deps: ServiceDeps, sessions: Sessions): MiddlewareHandler<AppEnv> {
  return createMiddleware<AppEnv>(async (c, next) => {
    const visit = await visitOfConsole(c, deps, sessions);
    c.header("cache-control", "no-store");
    if (visit.kind === "refused") return problem(c, visit.problem);
    if (visit.kind === "nobody" && isFromElsewhere(c))
      return c.html(withDoctype(<ComeInPage to={safeNext(c.req.path)} />));
    if (visit.kind === "nobody")
      return c.redirect(paths.login(c.req.method === "POST" ? "/" : c.req.path), 303);
    const { identity } = visit;
    c.set("identity", identity);
    c.get("facts")["identity"] = identity.name;
    return identity.roles.length === 0 ? c.html(withDoctype(noRole(identity)), 403) : next();
  });
}

function noRole(identity: Identity) {
  const { detail, next } = roleMissingWords(identity);
  return <MessagePage title="Not for you" detail={detail} next={next} identity={identity} />;
}

/**
 * A browser holds back a SameSite=Strict cookie when a link on another site, say in a chat, leads here
 * (developer.mozilla.org, "Set-Cookie"). A page that goes on to itself brings it along.
 */
function isFromElsewhere(c: Context<AppEnv>): boolean {
  return c.req.method === "GET" && c.req.header("sec-fetch-site") === "cross-site";
}

function showHome(deps: ServiceDeps, traffic: Console["traffic"]): Handler<AppEnv> {
  return async (c) => {
    const page = Math.max(1, Number(/^\d{1,4}$/.exec(c.req.query("page") ?? "1")?.[0] ?? 1));
    const view = await readHome({ deps, traffic, page, identity: c.get("identity") });
    return c.html(withDoctype(<HomePage {...view} />));
  };
}

function showRelease({ store }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const id = releaseOf(c);
    const position = await store.lastPosition();
    const record = id === null ? null : await store.release(id);
    if (id === null || record === null) return noRelease(store, c);
    const [events, explanation] = await Promise.all([store.releaseEvents(id), explanationOf(store, record)]);
    const page = (
      <ReleasePage
        release={releaseView(record)}
        events={events}
        explanation={explanation}
        position={position}
        identity={c.get("identity")}
      />
    );
    return c.html(withDoctype(page));
  };
}

/** A refused request has an id of a release that never was: goes to the refusal. */
async function noRelease(store: ServiceDeps["store"], c: Parameters<Handler<AppEnv>>[0]): Promise<Response> {
  const id = c.req.param("id") ?? "";
  if ((await store.refusal(id)) !== null) return c.redirect(paths.refusal(id), 303);
  const detail = "No release has this id; one that was just asked for may not be taken up yet.";
  const page = <MessagePage title="No such release" detail={detail} next="" identity={c.get("identity")} />;
  return c.html(withDoctype(page), 404);
}

function showRefusal({ store }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const identity = c.get("identity");
    const refusal = await store.refusal(c.req.param("id") ?? "");
    if (refusal !== null)
      return c.html(withDoctype(<RefusalPage refusal={refusalView(refusal)} identity={identity} />));
    const detail = "No request with this id was refused.";
    const page = <MessagePage title="No such refusal" detail={detail} next="" identity={identity} />;
    return c.html(withDoctype(page), 404);
  };
}
