import type { Scenario } from "../scenario.ts";

/** Releases of a good tag with nothing in their way. */
export const goodReleases: readonly Scenario[] = [
  {
    name: "good-release",
    story: "A good tag is pushed; it is built, proven at 0 %, gets traffic in steps and goes live.",
    expected: "live",
    live: "candidate",
    play: async (stage) => {
      const releases = await stage.push("v1.1.0");
      for (const id of releases) await stage.ended(id, "release-live");
      return releases;
    },
  },
];
