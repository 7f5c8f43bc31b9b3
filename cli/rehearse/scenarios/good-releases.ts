import type { Scenario } from "../scenario.ts";
import { pushUntil } from "./push-until.ts";

/** Releases of a good tag with nothing in their way. */
export const goodReleases: readonly Scenario[] = [
  {
    name: "good-release",
    story: "A good tag is pushed: it is built, proven at 0 %, gets traffic in steps and goes live.",
    expected: "live",
    live: "candidate",
    play: pushUntil("v1.1.0", "release-live"),
  },
  {
    name: "first-deploy",
    story: "The service does not exist yet: it is made, proven and serves.",
    expected: "live",
    live: "candidate",
    setting: { bare: true },
    play: async (stage) => {
      const [id] = await stage.push("v1.1.0");
      if (id === undefined) return [];
      await stage.trail.first("candidate-deployed", id);
      await stage.welcome();
      await stage.ended(id, "release-live");
      return [id];
    },
    check: (stage) => (stage.visitors.visits.length > 0 ? [] : ["nobody could visit the new service"]),
  },
];
