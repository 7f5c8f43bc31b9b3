import { slowRollout } from "../rehearsal-config.ts";
import type { Scenario } from "../scenario.ts";

/** What can go wrong once traffic moves. */
export const rolloutScenarios: readonly Scenario[] = [
  {
    name: "fails-during-rollout",
    story: "The candidate passes the gate and answers 500 once it has users; stable gets all traffic back.",
    expected: "rolled-back",
    live: "stable",
    usersMayFail: true,
    setting: { config: { rollout: slowRollout } },
    play: async (stage) => {
      const releases = await stage.push("v1.6.0");
      for (const id of releases) await stage.ended(id, "release-rolled-back");
      return releases;
    },
  },
];
