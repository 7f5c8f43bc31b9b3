import type { ApprovalFacts, ReleaseFacts } from "../../shared/domain/release-facts.ts";
import type { ReleaseRecord } from "../../shared/domain/release-record.ts";
import { candidate, commitSha, monday, plan, releaseRecord, revisionName, tagName } from "./fixtures.ts";

/** The stable of the release that messages tell of. */
export const stable = revisionName("background-removal-00001");

export function approvalFacts(changes: Partial<ApprovalFacts> = {}): ApprovalFacts {
  return {
    id: "nonce-1",
    from: ["@ml-oncall"],
    count: 1,
    expiresAt: monday + 14_400_000,
    approvedBy: [],
    ...changes,
  };
}

/** `v1.8.0` after `v1.7.0`, in three steps, as messages tell of it. */
export function toldRecord(changes: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return releaseRecord({
    tag: tagName("v1.8.0"),
    candidate: candidate(),
    stable,
    plan: plan({
      steps: [5, 25, 100].map((percent) => ({ percent, holdMs: 600_000 })),
      bakeMs: 1_800_000,
      approval: { ...plan().approval, required: true, from: ["@ml-oncall"], count: 1 },
    }),
    ...changes,
  });
}

export function messageFacts(
  changes: Partial<ReleaseRecord> = {},
  others: Partial<ReleaseFacts> = {},
): ReleaseFacts {
  return {
    record: toldRecord(changes),
    consoleUrl: "http://localhost:8420/releases/release-1",
    people: new Map([
      ["ada", "U0ADA"],
      ["maya", "U0MAYA"],
      ["@ml-oncall", "S0ONCALL"],
    ]),
    previous: { tag: tagName("v1.7.0"), commit: commitSha("abc") },
    ...others,
  };
}
