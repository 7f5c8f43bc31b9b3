import { slowRollout } from "../rehearsal-config.ts";
import type { Scenario } from "../scenario.ts";
import { pushUntil } from "./push-until.ts";

/** What can go wrong once traffic moves. */
export const rolloutScenarios: readonly Scenario[] = [
  {
    name: "fails-during-rollout",
    story: "The candidate passes the gate and answers 500 once it has users: stable gets all traffic back.",
    expected: "rolled-back",
    live: "stable",
    usersMayFail: true,
    setting: { config: { rollout: slowRollout } },
    play: pushUntil("v1.6.0", "release-rolled-back"),
  },
  {
    name: "traffic-write-conflicts",
    story: "Somebody else writes the service in the moment in which traffic shall move: it is read again.",
    expected: "live",
    live: "candidate",
    play: async (stage) => {
      const [id] = await stage.push("v1.1.0");
      if (id === undefined) return [];
      await stage.trail.first("candidate-deployed", id);
      stage.cloud.run.faults.set({ name: "update-conflicts", count: 2 });
      await stage.ended(id, "release-live");
      return [id];
    },
    check: (stage) => unstruck(stage.cloud.run.faults.list()),
  },
  {
    name: "traffic-write-times-out-but-applied",
    story: "The write that moves traffic is carried out, but its answer is lost: what stands is looked up.",
    expected: "live",
    live: "candidate",
    play: async (stage) => {
      const [id] = await stage.push("v1.1.0");
      if (id === undefined) return [];
      await stage.trail.first("candidate-deployed", id);
      stage.cloud.run.faults.set({ name: "update-times-out-but-applied" });
      await stage.ended(id, "release-live");
      return [id];
    },
    check: (stage) => unstruck(stage.cloud.run.faults.list()),
  },
];

function unstruck(faults: readonly Readonly<{ name: string }>[]): readonly string[] {
  return faults.map(({ name }) => `the fault ${name} never struck, so nothing was shown`);
}
