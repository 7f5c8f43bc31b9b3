import type { DecisionKind } from "../domain/events.ts";
import type { ImageDigest, ReleaseId, RevisionName, ServiceKey } from "../domain/ids.ts";
import type { Actor } from "../domain/service-state.ts";
import type { ReleaseStatus } from "../domain/words.ts";

/** What somebody asks for when a tag shall go live. The same `requestId` any number of times is one release. */
export type ReleaseRequest = Readonly<{
  requestId: string; // `github/<delivery id>`, `api/<id>`
  repository: string;
  tag: string;
  commit: string | null; // null = look the tag up
  requestedBy: Actor;
  /** True = a person names this tag on purpose: a tag that was released or moved before is taken. */
  explicit: boolean;
}>;

/** What became of a person's command. A refusal says why and what to type next. */
export type Answer =
  | Readonly<{ ok: true; releaseId: ReleaseId; status: ReleaseStatus; message: string }>
  | Readonly<{ ok: false; code: string; message: string; next: string }>;

/**
 * What people and borders may ask of Gantry. Every method is durable once it resolves; none waits for the cloud.
 */
export interface Desk {
  /** Publishes the request; whether it is admitted shows as a release or as a refusal with the returned id. */
  requestRelease(request: ReleaseRequest): Promise<Readonly<{ releaseId: ReleaseId }>>;
  cancel(params: Readonly<{ releaseId: ReleaseId; by: Actor; reason: string }>): Promise<Answer>;
  /** `approvalId`: the request that the person saw. Null decides nothing: nobody approves what they did not see. */
  approve(params: Readonly<{ releaseId: ReleaseId; by: Actor; approvalId: string | null }>): Promise<Answer>;
  reject(
    params: Readonly<{ releaseId: ReleaseId; by: Actor; approvalId: string | null; reason: string }>,
  ): Promise<Answer>;
  pause(params: Readonly<{ releaseId: ReleaseId; by: Actor }>): Promise<Answer>;
  resume(params: Readonly<{ releaseId: ReleaseId; by: Actor }>): Promise<Answer>;
  promote(params: Readonly<{ releaseId: ReleaseId; by: Actor }>): Promise<Answer>;
  /** Records that somebody whom the chat does not know as a member wanted to decide. */
  noteStranger(params: Readonly<{ releaseId: ReleaseId; by: Actor; wanted: DecisionKind }>): Promise<void>;
  /** `to` null = the revision that was stable before. */
  rollBack(
    params: Readonly<{ service: ServiceKey; to: RevisionName | null; by: Actor; reason: string }>,
  ): Promise<Answer>;
  /** Takes an image out of the quarantine of a service; the answer is about the release that brought it there. */
  freeDigest(params: Readonly<{ service: ServiceKey; digest: ImageDigest; by: Actor }>): Promise<Answer>;
}
