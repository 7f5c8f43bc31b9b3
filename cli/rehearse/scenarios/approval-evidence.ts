import type { ReleaseId } from "../../../shared/domain/ids.ts";
import type { Stage } from "../stage.ts";

/** What is wrong where these people, and only they, should have approved before the first traffic. */
export function notApprovedBy(
  { trail }: Pick<Stage, "trail">,
  id: ReleaseId,
  approvers: readonly string[],
): readonly string[] {
  const events = trail.of(id);
  const step = events.findIndex(({ type }) => type === "step-began");
  const given = events.flatMap((event, at) =>
    event.type === "approval-given" ? [{ name: event.by.name, at }] : [],
  );
  const names = given.map(({ name }) => name).join(", ");
  return [
    ...(names === approvers.join(", ") ? [] : [`${id} was approved by ${names || "nobody"}`]),
    ...(given.every(({ at }) => at < step) ? [] : [`${id} got traffic before it was approved`]),
  ];
}

/** What is wrong where a release should never have had traffic. */
export function hadTraffic({ trail }: Pick<Stage, "trail">, id: ReleaseId): readonly string[] {
  return trail.of(id).some(({ type }) => type === "step-began") ? [`${id} got traffic`] : [];
}

/** What is wrong where a refusal of this kind should be in the audit trail, by somebody. */
export function notAudited(
  { trail }: Pick<Stage, "trail">,
  id: ReleaseId,
  refused: Readonly<{ code: string; by: string }>,
): readonly string[] {
  const isThere = trail
    .of(id)
    .some(
      (event) =>
        event.type === "decision-refused" && event.code === refused.code && event.by.name === refused.by,
    );
  return isThere ? [] : [`${id} has no ${refused.code} by ${refused.by} in its audit trail`];
}

/** What is wrong where somebody should have been told these words, alone. */
export function notTold(told: string, words: string): readonly string[] {
  return told.includes(words) ? [] : [`"${words}" should have been answered, but it was "${told}"`];
}

/** Sends a command that is to be refused. @throws Error when it is not, or for another reason. */
export async function refusal(stage: Stage, path: string, asked: Readonly<{ body: object; code: string }>) {
  const answer = await stage.command(path, asked.body).then(
    () => "it was taken",
    (error: unknown) => String(error),
  );
  if (!answer.includes(asked.code))
    throw new Error(`${path} should be refused with ${asked.code}: ${answer}`);
}
