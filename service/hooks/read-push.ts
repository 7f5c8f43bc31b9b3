import { z } from "zod";

/** What a push means to Gantry. `commit` null = the payload does not say; the tag has to be looked up. */
export type Push =
  | Readonly<{
      kind: "tag";
      repository: string;
      tag: string;
      commit: string | null;
      pusher: string;
      moved: boolean; // the tag stood somewhere else before
    }>
  | Readonly<{ kind: "ignored"; reason: string }>
  | Readonly<{ kind: "invalid"; problems: readonly string[] }>;

const payloadSchema = z.object({
  ref: z.string().max(1024),
  before: z.string().max(64),
  deleted: z.boolean().default(false),
  forced: z.boolean().default(false),
  repository: z.object({ full_name: z.string().regex(/^[A-Za-z0-9._-]{1,100}\/[A-Za-z0-9._-]{1,100}$/) }),
  pusher: z.object({ name: z.string().min(1).max(200) }),
  head_commit: z
    .object({ id: z.string().regex(/^[0-9a-f]{40}$/) })
    .nullable()
    .default(null),
});

const tagPrefix = "refs/tags/";
const nowhere = /^0+$/;

/**
 * Reads a `push` payload. For an annotated tag `after` is the tag object, so the commit is taken from `head_commit`
 * (docs.github.com, "Webhook events and payloads", push).
 */
export function readPush(payload: unknown): Push {
  const parsed = payloadSchema.safeParse(payload);
  if (!parsed.success) {
    return {
      kind: "invalid",
      problems: parsed.error.issues.map((at) => `${at.path.join(".")}: ${at.message}`),
    };
  }
  const { ref, before, deleted, forced, repository, pusher, head_commit } = parsed.data;
  if (!ref.startsWith(tagPrefix)) return { kind: "ignored", reason: "Only pushed tags are released." };
  const tag = ref.slice(tagPrefix.length);
  if (deleted) return { kind: "ignored", reason: `The tag was deleted; what runs goes on running.` };
  return {
    kind: "tag",
    repository: repository.full_name,
    tag,
    commit: head_commit?.id ?? null,
    pusher: pusher.name,
    moved: forced || !nowhere.test(before),
  };
}
