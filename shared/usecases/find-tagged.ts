import {
  type CommitSha,
  parseCommitSha,
  parseTagName,
  type ServiceKey,
  type TagName,
  type Timestamp,
} from "../domain/ids.ts";
import type { Deps } from "./deps.ts";
import type { ReleaseRequest } from "./desk.ts";
import { liveTagOf } from "./given-image.ts";

/** Why a request is not admitted: a code with a heading in docs/errors.md, a sentence, and the exact places. */
export type NotAdmitted = Readonly<{
  code: string;
  message: string;
  problems?: readonly string[];
  service?: ServiceKey;
  commit?: CommitSha;
  quiet?: boolean;
  /** The git host shows no such thing, which right after a push may be so for some seconds. */
  absent?: true;
}>;

/** A commit, and when it was made; null = not known. */
type Dated = Readonly<{ commit: CommitSha; committedAt: Timestamp | null }>;

/** The tag that is asked for and its commit; for an image without a tag, those that are live. */
export async function findTagged(
  deps: Deps,
  request: ReleaseRequest,
): Promise<(Readonly<{ tag: TagName }> & Dated) | NotAdmitted> {
  if (request.tag === null) {
    const live = request.image === undefined ? null : await liveTagOf(deps, request.repository);
    const message = `No release of ${request.repository} is live, so name the tag whose gantry.yaml counts: gantry deploy TAG --image IMAGE`;
    return live ?? { code: "tag-not-named", message };
  }
  const tag = parseTagName(request.tag);
  if (tag === null)
    return {
      code: "tag-invalid",
      message: `The tag ${JSON.stringify(request.tag)} has characters that Gantry does not take; use letters, digits, and . _ + / -`,
    };
  const dated = await findCommit(deps, request, tag);
  return "code" in dated ? dated : { tag, ...dated };
}

async function findCommit(deps: Deps, request: ReleaseRequest, tag: TagName): Promise<Dated | NotAdmitted> {
  const { repository } = request;
  const given = request.commit === null ? null : parseCommitSha(request.commit);
  if (request.commit !== null && given === null)
    return {
      code: "commit-not-found",
      message: `${JSON.stringify(request.commit)} is no commit; name it by all of its 40 digits.`,
    };
  const named = given ?? (await deps.source.resolveTag({ repository, tag }));
  if (named === null)
    return {
      code: "tag-not-found",
      message: `${repository} has no tag ${tag}. Push it first: git push origin ${tag}`,
      absent: true,
    };
  const committedAt = await deps.source.committedAt({ repository, commit: named });
  if (committedAt !== null) return { commit: named, committedAt };
  const message = `${repository} has no commit ${named}.`;
  return { code: "commit-not-found", message, commit: named, absent: true };
}
