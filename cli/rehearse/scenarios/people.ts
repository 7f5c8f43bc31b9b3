import { isSameSplit, type Split } from "../../../shared/domain/traffic.ts";
import { slowRollout } from "../rehearsal-config.ts";
import type { Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";
import { effectiveOf } from "../traffic-log.ts";

/** How long it is looked whether anybody undoes what a person did. */
const untouchedMs = 1_500;

/** What people do while Gantry is at work. */
export const peopleScenarios: readonly Scenario[] = [
  {
    name: "manual-rollback",
    story: "A person takes a release back that went live: the revision before it serves again.",
    expected: "rolled-back",
    live: "stable",
    play: async (stage) => {
      const [id] = await stage.push("v1.1.0");
      if (id === undefined) return [];
      await stage.ended(id, "release-live");
      stage.trouble();
      await stage.command(`/services/${stage.service}/rollback`, { reason: "customers see wrong colours" });
      await stage.ended(id, "release-rolled-back");
      return [id];
    },
  },
  {
    name: "human-moves-traffic",
    story:
      "Somebody moves traffic in the Cloud console during a rollout: Gantry stops and leaves it as it is.",
    expected: "held",
    live: "split",
    setting: { config: { rollout: slowRollout } },
    play: async (stage) => {
      const [id] = await stage.push("v1.1.0");
      if (id === undefined) return [];
      const { candidate } = await stage.trail.first("candidate-deployed", id);
      await stage.trail.first("traffic-moved", id);
      stage.trouble();
      await stage.humanSetsTraffic(splitByHand(stage, candidate.revision));
      await stage.ended(id, "release-held");
      await new Promise((resolve) => setTimeout(resolve, untouchedMs));
      return [id];
    },
    check: async (stage, [id]) => {
      if (id === undefined) return ["there is no release"];
      const { candidate } = await stage.trail.first("candidate-deployed", id);
      const snapshot = await stage.snapshot();
      const isKept =
        snapshot !== null && isSameSplit(effectiveOf(snapshot), splitByHand(stage, candidate.revision));
      return isKept ? [] : ["the traffic is not as the person left it"];
    },
  },
  {
    name: "two-tags-at-once",
    story:
      "Two tags are pushed together: the newer one goes live, the other one is superseded without traffic.",
    expected: "superseded+live",
    live: "candidate",
    play: async (stage) => {
      const [older, newer] = await stage.push("v1.1.0", "v1.8.0");
      if (older === undefined || newer === undefined) return [];
      await stage.ended(older, "release-superseded");
      await stage.ended(newer, "release-live");
      return [older, newer];
    },
    check: async (stage, [older, newer]) => {
      const revisions = newer === undefined ? [] : await stage.revisionsOf([newer]);
      const sole = await stage.soleRevision();
      const hadTraffic =
        older !== undefined && stage.trail.of(older).some(({ type }) => type === "step-began");
      return [
        ...(revisions.some((revision) => revision === sole) ? [] : ["it is not the newer tag that is live"]),
        ...(hadTraffic ? ["the older tag had traffic"] : []),
      ];
    },
  },
];

function splitByHand({ stable }: Stage, candidate: Split[number]["revision"]): Split {
  const rest = stable === null ? [] : [{ revision: stable, percent: 60 }];
  return [...rest, { revision: candidate, percent: 40 }];
}
