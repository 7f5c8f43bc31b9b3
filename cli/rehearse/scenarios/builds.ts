import type { Scenario } from "../scenario.ts";
import { pushUntil } from "./push-until.ts";

/** What can go wrong while the image is made. */
export const buildScenarios: readonly Scenario[] = [
  {
    name: "build-fails",
    story: "The Dockerfile wants a package that Debian no longer has: nothing is deployed.",
    expected: "failed",
    live: "stable",
    play: pushUntil("v1.3.0", "release-failed"),
    check: async (stage, releases) => {
      const made = await stage.revisionsOf(releases);
      return made.length === 0 ? [] : ["a revision was made of a build that failed"];
    },
  },
  {
    name: "build-loses-event",
    story: "Cloud Build's message never comes: Gantry asks for the build and goes on.",
    expected: "live",
    live: "candidate",
    play: async (stage) => {
      stage.cloud.build.faults.set("lose-events");
      return pushUntil("v1.1.0", "release-live")(stage);
    },
  },
  {
    name: "build-events-repeated-and-reordered",
    story: "Cloud Build's messages come four times each and the last one first: nothing happens twice.",
    expected: "live",
    live: "candidate",
    play: async (stage) => {
      stage.cloud.build.faults.set("reorder-events");
      stage.cloud.build.faults.set("repeat-events", { times: 3 });
      return pushUntil("v1.1.0", "release-live")(stage);
    },
  },
];
