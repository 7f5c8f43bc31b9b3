import type { Context, Handler } from "hono";
import { z } from "zod";
import type { Answer } from "../../shared/usecases/desk.ts";
import type { FreezeAnswer } from "../../shared/usecases/freeze-desk.ts";
import { mayUse } from "../access/guard.ts";
import { digestOf, serviceOf } from "../api/parameters.ts";
import { actorOf, type Decision, decideRelease } from "../api/release-commands.ts";
import { paths } from "../paths.ts";
import { refusalStatus } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { withDoctype } from "./document.ts";
import { MessagePage } from "./plain-pages.tsx";

const formSchema = z.object({
  reason: z.string().max(500).catch(""),
  approvalId: z.string().max(200).nullable().catch(null),
});

/** What the form says; a field that cannot be is as if it were not there. */
async function formOf(c: Context<AppEnv>): Promise<z.infer<typeof formSchema>> {
  return formSchema.parse(await c.req.parseBody());
}

/** Lets only operators through to a form's action. */
function operatorsOnly(act: (c: Context<AppEnv>) => Promise<Response>): Handler<AppEnv> {
  return async (c) => {
    const identity = c.get("identity");
    if (mayUse({ method: "POST", roles: identity?.roles ?? [] })) return act(c);
    const detail = "You may look but not change anything: the role operator is needed.";
    return c.html(
      withDoctype(<MessagePage title="Not allowed" detail={detail} next="" identity={identity} />),
      403,
    );
  };
}

/** Goes to the release that the answer is about, or says why not. */
function afterwards(c: Context<AppEnv>, answer: Answer): Response | Promise<Response> {
  if (answer.ok) return c.redirect(paths.release(answer.releaseId), 303);
  return notDone(c, answer);
}

function notDone(
  c: Context<AppEnv>,
  { code, message, next }: Readonly<{ code: string; message: string; next: string }>,
): Response | Promise<Response> {
  const page = <MessagePage title="Refused" detail={message} next={next} identity={c.get("identity")} />;
  return c.html(withDoctype(page), refusalStatus(code));
}

/** The first page shows what is frozen now, and what goes on all the same. */
function afterFreeze(c: Context<AppEnv>, answer: FreezeAnswer): Response | Promise<Response> {
  return answer.ok ? c.redirect(paths.home(), 303) : notDone(c, answer);
}

/** `POST /releases/:id/cancel|approve|reject|pause|resume|promote` of a form. */
export function postDecision({ desk }: ServiceDeps, decision: Decision): Handler<AppEnv> {
  return operatorsOnly(async (c) => {
    const releaseId = c.req.param("id") ?? "";
    const by = actorOf(c, "console");
    return afterwards(c, await decideRelease({ desk, decision, releaseId, by, ...(await formOf(c)) }));
  });
}

/** `POST /services/:project/:region/:name/rollback` of a form: to the revision that was stable before. */
export function postRollBack({ desk }: ServiceDeps): Handler<AppEnv> {
  return operatorsOnly(async (c) => {
    const service = serviceOf(c);
    if (service === null) return c.notFound();
    const { reason } = await formOf(c);
    return afterwards(c, await desk.rollBack({ service, to: null, by: actorOf(c, "console"), reason }));
  });
}

/** `POST /services/…/quarantine/:digest/free` of a form. */
export function postFree({ desk }: ServiceDeps): Handler<AppEnv> {
  return operatorsOnly(async (c) => {
    const service = serviceOf(c);
    const digest = digestOf(c);
    if (service === null || digest === null) return c.notFound();
    return afterwards(c, await desk.freeDigest({ service, digest, by: actorOf(c, "console") }));
  });
}

/** `POST /services/…/accept` of a form: what somebody changed by hand is the truth from now on. */
export function postAccept({ desk }: ServiceDeps): Handler<AppEnv> {
  return operatorsOnly(async (c) => {
    const service = serviceOf(c);
    if (service === null) return c.notFound();
    const { reason } = await formOf(c);
    const answer = await desk.acceptChanges({ service, reason, by: actorOf(c, "console") });
    return answer.ok ? c.redirect(paths.home(), 303) : notDone(c, answer);
  });
}

/** `POST /services/…/freeze` of a form: this service, until somebody lifts it. */
export function postFreeze({ freezes, ids }: ServiceDeps): Handler<AppEnv> {
  return operatorsOnly(async (c) => {
    const services = serviceOf(c);
    if (services === null) return c.notFound();
    const { reason } = await formOf(c);
    const by = actorOf(c, "console");
    const request = { services, from: null, until: null, zone: "UTC", reason, by };
    return afterFreeze(c, await freezes.set({ ...request, requestId: `console/${ids.short()}` }));
  });
}

/** `POST /freezes/:id/lift` of a form. */
export function postLift({ freezes }: ServiceDeps): Handler<AppEnv> {
  return operatorsOnly(async (c) => {
    const { reason } = await formOf(c);
    const id = c.req.param("id") ?? "";
    return afterFreeze(c, await freezes.lift({ id, by: actorOf(c, "console"), reason }));
  });
}
