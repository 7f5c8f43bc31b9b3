import type { ReleaseId, ServiceKey, Timestamp } from "./ids.ts";

/** What Gantry can owe to the world. Each is built so that doing it twice is harmless. */
export const workKinds = [
  "preflight",
  "start-build",
  "check-build",
  "deploy-candidate",
  "verify-candidate",
  "expire-approval",
  "watch-waiting",
  "move-traffic",
  "watch",
  "restore-stable",
  "tidy",
  "check-drift",
  "set-minimum",
] as const;

export type WorkKind = (typeof workKinds)[number];

/** Which function does it. Consecutive work of one stage runs on in one invocation. */
export type Stage = "build" | "deploy" | "verify" | "rollout" | "rollback" | "warmup" | "sweep";

/**
 * One owed effect, as data. The id is derived from the state alone, so the same state always owes the same work:
 * work is done exactly when the state no longer owes it.
 */
export type Work = Readonly<{
  id: string; // releaseId/kind/discriminator, unique for ever
  kind: WorkKind;
  service: ServiceKey;
  releaseId: ReleaseId;
  dueAt: Timestamp; // not before
  lane: "traffic" | null; // at most one piece of work per service and lane runs at a time
}>;
