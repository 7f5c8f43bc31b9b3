import type { CommitSha, TagName, Timestamp } from "../domain/ids.ts";
import { parseImageReference } from "../domain/image-reference.ts";
import { mayUseImage } from "../domain/policy.ts";
import type { ReleaseConfig } from "../domain/release-config.ts";
import type { LiveRelease, ReleaseBasics } from "../domain/service-state.ts";
import type { ImageAnswer } from "../ports/images.ts";
import type { Deps } from "./deps.ts";

/** Why an image that was built elsewhere is not taken: a code with a heading in docs/errors.md, and a sentence. */
type NotTaken = Readonly<{ code: string; message: string }>;

type Prebuilt = NonNullable<ReleaseBasics["prebuilt"]>;

/**
 * What the reference stands for now, by digest: a tag that moves later changes nothing. The policy is asked before the
 * registry, so that nobody can make Gantry call a host that the operator does not name.
 */
export async function givenImage(
  { policy, images }: Deps,
  { reference, config }: Readonly<{ reference: string; config: ReleaseConfig }>,
): Promise<Prebuilt | NotTaken> {
  const parsed = parseImageReference(reference);
  if (parsed === null) {
    const message = `${JSON.stringify(reference.slice(0, 200))} is no image; write it as HOST/PATH:TAG or HOST/PATH@sha256:DIGEST.`;
    return { code: "image-invalid", message };
  }
  const allowed = mayUseImage(policy, { name: parsed.name, config });
  if (!allowed.ok) return { code: "image-not-allowed", message: allowed.reason };
  const answer = await images.resolve(parsed);
  return answer.outcome === "found" ? { reference, image: answer.image } : notTaken(answer);
}

const codes: Readonly<Record<Exclude<ImageAnswer["outcome"], "found">, NotTaken["code"]>> = {
  "not-found": "image-not-found",
  denied: "image-denied",
  unusable: "image-invalid",
};

function notTaken({ outcome, message }: Exclude<ImageAnswer, { outcome: "found" }>): NotTaken {
  return { code: codes[outcome], message };
}

/** The tag that is live now from a repository, for who names an image and no tag; null = none is. */
export async function liveTagOf(
  { store }: Deps,
  repository: string,
): Promise<Readonly<{ tag: TagName; commit: CommitSha; committedAt: Timestamp | null }> | null> {
  const live = (await store.services())
    .map((state) => state.live)
    .filter(
      (release): release is LiveRelease => release?.repository.toLowerCase() === repository.toLowerCase(),
    );
  const [newest] = live.toSorted((a, b) => b.since - a.since);
  if (newest === undefined) return null;
  const { tag, commit, committedAt = null } = newest;
  return { tag, commit, committedAt };
}
