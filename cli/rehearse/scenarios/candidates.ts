import type { Scenario } from "../scenario.ts";

/** Candidates that do not pass the gate. */
export const candidateScenarios: readonly Scenario[] = [
  {
    name: "health-fails",
    story: "/health of the candidate answers 500; it never gets traffic.",
    expected: "failed",
    live: "stable",
    play: async (stage) => {
      const releases = await stage.push("v1.2.0");
      for (const id of releases) await stage.ended(id, "release-failed");
      return releases;
    },
  },
];
