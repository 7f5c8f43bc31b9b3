import type { Context, Handler } from "hono";
import { z } from "zod";
import { guardedSettings } from "../../shared/domain/guardrails.ts";
import {
  isRepositoryName,
  parseCommitSha,
  parseReleaseId,
  parseRevisionName,
  parseTagName,
} from "../../shared/domain/ids.ts";
import { parseImageReference } from "../../shared/domain/image-reference.ts";
import type { Actor } from "../../shared/domain/service-state.ts";
import type { Answer, Desk } from "../../shared/usecases/desk.ts";
import { paths } from "../paths.ts";
import { noSuchService, type Problem, problem, refused } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { tagRule } from "../tag-rule.ts";
import { serviceOf } from "./parameters.ts";

const reason = z.string().max(500).default("");
const schemas = {
  release: z.strictObject({
    repository: z.string().refine(isRepositoryName, "is `owner/name`").optional(),
    tag: z.string().max(1024).nullable().default(null),
    image: z
      .string()
      .max(512)
      .refine((image) => parseImageReference(image) !== null, "is the name of an image")
      .optional(),
    commit: z
      .string()
      .refine((commit) => parseCommitSha(commit) !== null, "is 40 hex digits in lower case")
      .nullable()
      .default(null),
    allowChange: z
      .strictObject({
        settings: z.array(z.enum(guardedSettings)).min(1, "names at least one setting"),
        reason: z.string().trim().min(1, "says why").max(500),
      })
      .optional(),
    despiteFreeze: z.string().trim().min(1, "says why").max(500).optional(),
  }),
  decision: z.strictObject({ reason, approvalId: z.string().max(200).nullable().default(null) }),
  rollBack: z.strictObject({
    to: z
      .string()
      .refine((to) => parseRevisionName(to) !== null, "is the short name of a revision")
      .nullable()
      .default(null),
    reason,
  }),
};

/** The signed-in person and where they are; the guard before these handlers let nobody else through. */
export function actorOf(c: Context<AppEnv>, via: "api" | "console"): Actor {
  return { kind: "person", name: c.get("identity")?.name ?? "unknown", via };
}

type Read<T> = Readonly<{ ok: true; value: T }> | Readonly<{ ok: false; answer: Response }>;

/** The body by its schema; an empty body is an empty object. Problems are answered all at once. */
export async function bodyOf<T>(c: Context<AppEnv>, schema: z.ZodType<T>): Promise<Read<T>> {
  const text = await c.req.text();
  const parsed = schema.safeParse(text === "" ? {} : jsonOf(text));
  if (parsed.success) return { ok: true, value: parsed.data };
  const detail = parsed.error.issues.map((at) => `${at.path.join(".") || "body"}: ${at.message}`).join("; ");
  return {
    ok: false,
    answer: problem(c, { code: "body-invalid", detail, next: "GET /api/v1 names the fields." }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Asks for a release of a tag, or of an image that was built elsewhere. The same `Idempotency-Key` of the same person is the same release. */
export function requestRelease({ desk, ids, repositories }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const body = await bodyOf(c, schemas.release);
    if (!body.ok) return body.answer;
    const { tag, commit } = body.value;
    const unfit = tagProblem(body.value);
    if (unfit !== null) return problem(c, unfit);
    const repository = body.value.repository ?? (repositories.length === 1 ? repositories[0] : undefined);
    if (repository === undefined) {
      return problem(c, repositoryMissing(repositories));
    }
    const requestedBy = actorOf(c, "api");
    const key = c.req.header("idempotency-key");
    const requestId = key === undefined ? `api/${ids.short()}` : `api/${requestedBy.name}/${key}`;
    const request = { requestId, repository, tag, commit, requestedBy, explicit: true };
    const { releaseId } = await desk.requestRelease({ ...request, ...exceptionsIn(body.value) });
    c.get("facts")["releaseId"] = releaseId;
    const links = { self: paths.api.release(releaseId), console: paths.release(releaseId) };
    return c.json({ releaseId, links }, 202, { location: links.self });
  };
}

/** What is unusual about a request; what is not asked for is absent. */
function exceptionsIn({ despiteFreeze, image, allowChange }: z.output<typeof schemas.release>) {
  return {
    ...(despiteFreeze === undefined ? {} : { despiteFreeze }),
    ...(image === undefined ? {} : { image }),
    ...(allowChange === undefined ? {} : { allowChange }),
  };
}

/** A tag has to be one; without a tag there has to be an image. */
function tagProblem({ tag, image }: z.output<typeof schemas.release>): Problem | null {
  if (tag === null) return image === undefined ? nothingNamed : null;
  if (parseTagName(tag) !== null) return null;
  return { code: "tag-invalid", detail: tagRule, next: "Push the commit under another tag." };
}

const nothingNamed: Problem = {
  code: "body-invalid",
  detail: "tag: is missing; without it name an `image`, which is released as the tag that is live.",
  next: 'Add `"tag": "v1.8.0"`.',
};

function repositoryMissing(repositories: readonly string[]): Problem {
  const known = repositories.length === 0 ? "" : ` The policy lists ${repositories.join(", ")}.`;
  const detail = `Name the \`repository\` of the tag: more than one may be meant.${known}`;
  return { code: "body-invalid", detail, next: 'Add `"repository": "owner/name"`.' };
}

export const decisions = ["cancel", "approve", "reject", "pause", "resume", "promote"] as const;

export type Decision = (typeof decisions)[number];

type Decided = Readonly<{
  desk: Desk;
  decision: Decision;
  releaseId: string;
  by: Actor;
  reason: string;
  approvalId: string | null; // the request that the person saw
}>;

/** Hands a person's decision to the desk; an id that cannot be one is answered as unknown. */
export async function decideRelease({ desk, decision, releaseId, ...given }: Decided): Promise<Answer> {
  const { by, reason, approvalId } = given;
  const id = parseReleaseId(releaseId);
  if (id === null) {
    return {
      ok: false,
      code: "release-not-found",
      message: "No release has this id.",
      next: "gantry releases list",
    };
  }
  if (decision === "approve") return desk.approve({ releaseId: id, by, approvalId });
  if (decision === "reject") return desk.reject({ releaseId: id, by, approvalId, reason });
  if (decision === "cancel") return desk.cancel({ releaseId: id, by, reason });
  return desk[decision]({ releaseId: id, by });
}

/** `POST /releases/{id}/cancel|approve|reject|pause|resume|promote`. */
export function decideOne({ desk }: ServiceDeps, decision: Decision): Handler<AppEnv> {
  return async (c) => {
    const body = await bodyOf(c, schemas.decision);
    if (!body.ok) return body.answer;
    const releaseId = c.req.param("id") ?? "";
    c.get("facts")["releaseId"] = releaseId;
    const by = actorOf(c, "api");
    return answered(c, await decideRelease({ desk, decision, releaseId, by, ...body.value }));
  };
}

/** `POST /services/{project}/{region}/{name}/rollback`. */
export function rollBackOne({ desk }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const service = serviceOf(c);
    if (service === null) return noSuchService(c);
    const body = await bodyOf(c, schemas.rollBack);
    if (!body.ok) return body.answer;
    const to = body.value.to === null ? null : parseRevisionName(body.value.to);
    return answered(
      c,
      await desk.rollBack({ service, to, by: actorOf(c, "api"), reason: body.value.reason }),
    );
  };
}

/** The answer of the desk as HTTP: 202 with the release that it is about, or its refusal. */
export function answered(c: Context<AppEnv>, answer: Answer): Response {
  if (!answer.ok) return refused(c, answer);
  const { releaseId, status, message } = answer;
  return c.json({ releaseId, status, message, links: { self: paths.api.release(releaseId) } }, 202);
}
