import type { Scenario } from "../scenario.ts";

/** What can go wrong while the image is made. */
export const buildScenarios: readonly Scenario[] = [
  {
    name: "build-fails",
    story: "The Dockerfile wants a package that Debian no longer has; nothing is deployed.",
    expected: "failed",
    live: "stable",
    play: async (stage) => {
      const releases = await stage.push("v1.3.0");
      for (const id of releases) await stage.ended(id, "release-failed");
      return releases;
    },
  },
];
