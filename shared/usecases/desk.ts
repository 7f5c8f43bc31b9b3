import type { RefusalCode } from "../domain/commands.ts";
import type { DecisionKind } from "../domain/events.ts";
import type { ChangeAllowance } from "../domain/guardrails.ts";
import type { ImageDigest, ReleaseId, RevisionName, ServiceKey } from "../domain/ids.ts";
import type { Actor } from "../domain/service-state.ts";
import type { ReleaseStatus } from "../domain/words.ts";
import type { ReleasePlan } from "./plan-release.ts";

/** What somebody asks for when a tag shall go live. The same `requestId` any number of times is one release. */
export type ReleaseRequest = Readonly<{
  requestId: string; // `github/<delivery id>`, `api/<id>`; of any length
  repository: string;
  /** Null = the tag that is live now from the repository; only where an image is given. */
  tag: string | null;
  commit: string | null; // null = look the tag up
  requestedBy: Actor;
  /** True = a person names this tag on purpose: a tag that was released or moved before is taken. */
  explicit: boolean;
  /** Why it is to be released although a freeze stands; absent = a freeze refuses it. */
  despiteFreeze?: string;
  /** The sweep found the tag: its webhook was lost, and nobody knows who pushed it. */
  found?: true;
  /** An image that was built elsewhere, by name and tag or digest: nothing is built. */
  image?: string;
  /** Guard rails that this release may break, and why; absent = none. */
  allowChange?: ChangeAllowance;
}>;

/** What became of a person's command. A refusal says why and what to type next. */
export type Answer =
  | Readonly<{ ok: true; releaseId: ReleaseId; status: ReleaseStatus; message: string }>
  | Readonly<{ ok: false; code: string; message: string; next: string }>;

/** Who decides. The same `cause` (the id of a click) any number of times is one decision. */
type Decided = Readonly<{ by: Actor; cause?: string }>;

/**
 * What people and borders may ask of Gantry. Every method is durable once it resolves; none waits for the cloud.
 */
export interface Desk {
  /** Publishes the request; whether it is admitted shows as a release or as a refusal with the returned id. */
  requestRelease(request: ReleaseRequest): Promise<Readonly<{ releaseId: ReleaseId }>>;
  cancel(params: Readonly<{ releaseId: ReleaseId; by: Actor; reason: string }>): Promise<Answer>;
  /** `approvalId`: the request that the person saw. Null decides nothing: nobody approves what they did not see. */
  approve(params: Decided & Readonly<{ releaseId: ReleaseId; approvalId: string | null }>): Promise<Answer>;
  reject(
    params: Decided & Readonly<{ releaseId: ReleaseId; approvalId: string | null; reason: string }>,
  ): Promise<Answer>;
  pause(params: Decided & Readonly<{ releaseId: ReleaseId }>): Promise<Answer>;
  resume(params: Decided & Readonly<{ releaseId: ReleaseId }>): Promise<Answer>;
  promote(params: Decided & Readonly<{ releaseId: ReleaseId }>): Promise<Answer>;
  /** Records that somebody wanted to decide who was refused before the decision was looked at. */
  noteRefused(
    params: Decided & Readonly<{ releaseId: ReleaseId; wanted: DecisionKind; code: RefusalCode }>,
  ): Promise<void>;
  /** `to` null = the revision that was stable before. */
  rollBack(
    params: Decided & Readonly<{ service: ServiceKey; to: RevisionName | null; reason: string }>,
  ): Promise<Answer>;
  /** Takes what somebody else changed for the truth, so that releases go on; the answer is about the release that wrote it last. */
  acceptChanges(params: Decided & Readonly<{ service: ServiceKey; reason: string }>): Promise<Answer>;
  /** What a release of this tag would meet now. Changes NOTHING, and publishes nothing. */
  plan(request: ReleaseRequest): Promise<ReleasePlan>;
  /** Takes an image out of the quarantine of a service; the answer is about the release that brought it there. */
  freeDigest(params: Readonly<{ service: ServiceKey; digest: ImageDigest; by: Actor }>): Promise<Answer>;
  /** Keeps what is live warm for so long, whatever its hours are. */
  warm(params: Readonly<{ service: ServiceKey; forMs: number; by: Actor }>): Promise<Answer>;
  /** Ends that, and gives up the window that is open; the next one counts again. */
  coolDown(params: Readonly<{ service: ServiceKey; by: Actor }>): Promise<Answer>;
}
