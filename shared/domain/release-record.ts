import type { CheckResult } from "./events.ts";
import type { Finding } from "./finding.ts";
import type { ReleaseId, RevisionName, ServiceKey, TagName, Timestamp } from "./ids.ts";
import type { Actor, Candidate, Failure, ReleaseBasics, StartedBuild } from "./service-state.ts";
import type { Split } from "./traffic.ts";
import type { ReleaseStatus } from "./words.ts";

/**
 * One release as people look it up: the running ones and the ended ones alike. Derived from the events alone, and
 * written in the same transaction.
 */
export type ReleaseRecord = ReleaseBasics &
  Readonly<{
    service: ServiceKey;
    status: ReleaseStatus;
    build: Pick<StartedBuild, "id" | "logUrl" | "startedAt"> | null;
    candidate: Candidate | null;
    stable: RevisionName | null;
    percent: number; // the candidate's share as last confirmed
    nextPercent: number | null; // the share that it was moved to last, or is being moved to
    paused: boolean;
    approval: Readonly<{ id: string; expiresAt: Timestamp }> | null; // while it is awaited
    findings?: readonly Finding[]; // of the preflight, and of the guard rails after the deploy
    checks: readonly CheckResult[]; // of the latest gate or watch
    approvedBy: readonly Actor[];
    failure: Failure | null;
    supersededBy: ReleaseId | null; // the one that took its place; of a live release, the one that is live since
    supersededByTag: TagName | null;
    found: Split | null; // the traffic when it was held, which stays known after it; null = it never was
    updatedAt: Timestamp;
    endedAt: Timestamp | null;
  }>;
