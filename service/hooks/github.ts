import type { Context, Handler } from "hono";
import { parseTagName } from "../../shared/domain/ids.ts";
import { releaseIdFor } from "../../shared/usecases/release-id.ts";
import { paths } from "../paths.ts";
import { problem } from "../problem.ts";
import { originOf } from "../request-origin.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { tagRule } from "../tag-rule.ts";
import { type Push, readPush } from "./read-push.ts";
import { verifyGithub } from "./verify-github.ts";

type Delivery = Readonly<{ id: string; text: string }>;
type Answerer = (c: Context<AppEnv>, deps: ServiceDeps, delivery: Delivery) => Promise<Response>;

/** Events that mean something; every other one is accepted and ignored, so that GitHub shows it as delivered. */
const answerers: Readonly<Record<string, Answerer>> = { push: onPush };

const reasons: Readonly<Record<string, string>> = {
  ping: "GitHub asks whether anybody is here: yes.",
  create: "A created tag is told by `push` too, which also names the commit.",
};

/** `POST /hooks/github`: checks the signature, hands a pushed tag to the desk, and waits for nothing else. */
export function githubHook(deps: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const rawBody = new Uint8Array(await c.req.arrayBuffer());
    const headers = {
      signature: c.req.header("x-hub-signature-256"),
      delivery: c.req.header("x-github-delivery"),
      event: c.req.header("x-github-event"),
    };
    const verdict = await verifyGithub({ secrets: deps.github.secrets, headers, rawBody });
    if (!verdict.ok) {
      const next = "Compare the webhook's secret and content type (application/json) with Gantry's.";
      return problem(c, { code: verdict.code, detail: verdict.detail, next });
    }
    const { delivery, event, text } = verdict;
    Object.assign(c.get("facts"), { delivery, githubEvent: event });
    const answerer = Object.hasOwn(answerers, event) ? answerers[event] : undefined;
    if (answerer !== undefined) return answerer(c, deps, { id: delivery, text });
    const reason = Object.hasOwn(reasons, event) ? reasons[event] : undefined;
    return ignored(c, reason ?? `Gantry does nothing on "${event}".`);
  };
}

function ignored(c: Context<AppEnv>, reason: string): Response {
  return c.json({ ignored: reason, message: reason }, 202);
}

async function onPush(c: Context<AppEnv>, deps: ServiceDeps, delivery: Delivery): Promise<Response> {
  const push = readPush(parsed(delivery.text));
  if (push.kind === "ignored") return ignored(c, push.reason);
  if (push.kind === "invalid") {
    return problem(c, {
      code: "body-invalid",
      detail: `This is no push payload: ${push.problems.join("; ")}.`,
      next: "Set the webhook's content type to application/json and deliver it again.",
    });
  }
  return onTag(c, deps, { requestId: `github/${delivery.id}`, push });
}

type TagPush = Extract<Push, { kind: "tag" }>;

async function onTag(
  c: Context<AppEnv>,
  deps: ServiceDeps,
  { requestId, push }: Readonly<{ requestId: string; push: TagPush }>,
): Promise<Response> {
  const { repository, tag, commit, pusher, moved } = push;
  if (parseTagName(tag) === null) return refuseTag(c, deps, { requestId, push });
  const requestedBy = { kind: "person", name: pusher, via: "github" } as const;
  const request = { requestId, repository, tag, commit, requestedBy, explicit: false };
  const { releaseId } = await deps.desk.requestRelease(request);
  c.get("facts")["releaseId"] = releaseId;
  const follow = absolute(c, deps, paths.api.release(releaseId));
  const message = `Gantry takes it up as ${releaseId}. Follow it: gantry status --watch, or ${absolute(c, deps, paths.release(releaseId))}`;
  return c.json({ message, requested: `${tag} of ${repository}`, moved, releaseId, follow }, 202);
}

/** Written down rather than dropped, so that whoever pushed finds out why nothing happens. */
async function refuseTag(
  c: Context<AppEnv>,
  { store, clock, publicUrl }: ServiceDeps,
  { requestId, push }: Readonly<{ requestId: string; push: TagPush }>,
): Promise<Response> {
  const id = releaseIdFor(requestId);
  await store.recordRefusal({
    id,
    at: clock.now(),
    repository: push.repository,
    tag: push.tag.slice(0, 256),
    commit: push.commit,
    service: null,
    requestedBy: push.pusher,
    code: "tag-invalid",
    message: tagRule,
    problems: [],
  });
  Object.assign(c.get("facts"), { refusalId: id });
  const follow = absolute(c, { publicUrl }, paths.api.refusal(id));
  const message = `Refused, nothing is released: ${tagRule} It is kept at ${absolute(c, { publicUrl }, paths.refusal(id))}`;
  return c.json({ message, refused: tagRule, code: "tag-invalid", releaseId: id, follow }, 202);
}

function absolute(c: Context<AppEnv>, { publicUrl }: Pick<ServiceDeps, "publicUrl">, path: string): string {
  return `${publicUrl ?? originOf(c)}${path}`;
}

/** Undefined for text that is not JSON, which no schema takes. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
