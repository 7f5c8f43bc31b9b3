import { hastyVerify } from "../rehearsal-config.ts";
import type { Scenario } from "../scenario.ts";
import { pushUntil } from "./push-until.ts";

/** A candidate that never gets traffic. */
function refused(given: Pick<Scenario, "name" | "story" | "setting"> & Readonly<{ tag: string }>): Scenario {
  const { tag, ...scenario } = given;
  return { ...scenario, expected: "failed", live: "stable", play: pushUntil(tag, "release-failed") };
}

/** Candidates that do not start, or do not pass the gate. */
export const candidateScenarios: readonly Scenario[] = [
  refused({
    name: "crash-on-start",
    story: "The new revision crashes when it starts: it never becomes ready and leaves nothing behind.",
    tag: "v1.4.0",
  }),
  refused({
    name: "never-ready",
    story: "The new revision listens on no port: its startup probe runs out of time.",
    tag: "v1.10.0",
    setting: { timings: { startupBudgetMs: 4_000 } },
  }),
  refused({
    name: "health-fails",
    story: "/health of the candidate answers 500: the gate stops it at 0 %.",
    tag: "v1.2.0",
  }),
  refused({
    name: "contract-fails",
    story:
      "The candidate takes an empty upload with 200 where 422 is the contract: the gate stops it at 0 %.",
    tag: "v1.5.0",
  }),
  {
    name: "wrong-revision-answers",
    story:
      "The tag URL leads to another revision, which passes every check: that is no proof of the candidate.",
    expected: "failed",
    live: "stable",
    play: async (stage) => {
      stage.cloud.run.faults.set({ name: "tag-points-elsewhere" });
      return pushUntil("v1.1.0", "release-failed")(stage);
    },
  },
  refused({
    name: "endpoint-hangs",
    story: "/model-info of the candidate never answers: its time limit ends the wait.",
    tag: "v1.7.0",
    setting: { config: { verify: hastyVerify } },
  }),
];
