import type { Handler } from "hono";
import { z } from "zod";
import { guardedSettings } from "../../shared/domain/guardrails.ts";
import { isRepositoryName, parseCommitSha, parseTagName } from "../../shared/domain/ids.ts";
import { problem } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { tagRule } from "../tag-rule.ts";
import { actorOf } from "./release-commands.ts";

const query = z.strictObject({
  tag: z.string().refine((tag) => parseTagName(tag) !== null, tagRule),
  repository: z.string().refine(isRepositoryName, "is `owner/name`").optional(),
  commit: z
    .string()
    .refine((commit) => parseCommitSha(commit) !== null, "is 40 hex digits in lower case")
    .optional(),
  allow: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(z.enum(guardedSettings)))
    .optional(),
});

/** What a release of a tag would meet now. It reads, and asks Cloud Run what it would say; nothing is changed. */
export function planOne({ desk, ids, repositories }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const parsed = query.safeParse(c.req.query());
    if (!parsed.success) {
      const detail = parsed.error.issues
        .map((at) => `${at.path.join(".") || "query"}: ${at.message}`)
        .join("; ");
      return problem(c, { code: "query-invalid", detail, next: "GET /api/v1/plan?tag=v1.8.0" });
    }
    const { tag, commit = null, allow } = parsed.data;
    const repository = parsed.data.repository ?? (repositories.length === 1 ? repositories[0] : undefined);
    if (repository === undefined) {
      const detail = `repository: name the one of the tag. The policy lists ${repositories.join(", ") || "none by its whole name"}.`;
      return problem(c, { code: "query-invalid", detail, next: "Add repository=owner/name." });
    }
    const plan = await desk.plan({
      requestId: `plan/${ids.short()}`,
      repository,
      tag,
      commit,
      requestedBy: actorOf(c, "api"),
      explicit: true,
      ...(allow === undefined ? {} : { allowChange: { settings: allow, reason: "a plan" } }),
    });
    return c.json({ repository, ...plan });
  };
}
