import { z } from "zod";
import type { BuildCause } from "../../../shared/domain/build-report.ts";
import type { ReleaseId } from "../../../shared/domain/ids.ts";
import type { Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";
import { pushUntil } from "./push-until.ts";

/** Builds that fail in a way that can be told, and what people are told of it. */
export const buildFailureScenarios: readonly Scenario[] = [
  {
    name: "package-renamed",
    story: "Debian renamed a package that the Dockerfile installs: the new name and the line are told.",
    expected: "failed",
    live: "stable",
    play: pushUntil("v1.3.0", "release-failed"),
    check: (stage, releases) =>
      toldAs(stage, releases, "package-renamed", [
        /libgl1-mesa-glx is libgl1 since Debian 13/,
        /backend\/inspirenet-api\/Dockerfile:\d+ asks for it/,
      ]),
  },
  {
    name: "build-times-out",
    story: "A step of the build never ends: the limit ends it, and the setting to raise is told.",
    expected: "failed",
    live: "stable",
    setting: { config: { build: { config: "cloudbuild-nocache.yaml", timeout: "2s" } } },
    play: async (stage) => {
      stage.cloud.build.faults.set("step-hangs");
      return pushUntil("v1.1.0", "release-failed")(stage);
    },
    check: (stage, releases) =>
      toldAs(stage, releases, "build-time-limit", [
        /took longer than its limit of 2s: step 0 \(.+\) was still running/,
        /Raise build\.timeout in gantry\.yaml/,
      ]),
  },
  {
    name: "build-lost-by-platform",
    story: "Cloud Build loses the first build to an error of its own: it is built once more, and said so.",
    expected: "live",
    live: "candidate",
    play: async (stage) => {
      stage.cloud.build.faults.set("build-is-lost");
      return pushUntil("v1.1.0", "release-live")(stage);
    },
    check: async (stage, releases) => {
      const told = releases.flatMap((id) => stage.channel.thread(id).map(({ text }) => text));
      return [
        ...lossComplaints(stage, releases),
        ...(told.some((text) => text.includes("is built once more"))
          ? []
          : ["Slack does not tell of the second build"]),
      ];
    },
  },
  {
    name: "registry-down-twice",
    story:
      "Docker Hub serves no base image, twice: the release fails, and not as one of the commit's making.",
    expected: "failed",
    live: "stable",
    play: async (stage) => {
      stage.cloud.build.faults.set("base-image-unavailable", { count: 2 });
      return pushUntil("v1.1.0", "release-failed")(stage);
    },
    check: async (stage, releases) => [
      ...lossComplaints(stage, releases),
      ...(await toldAs(stage, releases, "registry-unavailable", [
        /It was built twice/,
        /gantry deploy v1\.1\.0/,
      ])),
    ],
  },
];

function lossComplaints(stage: Stage, releases: readonly ReleaseId[]): readonly string[] {
  return releases
    .filter((id) => stage.trail.of(id).filter(({ type }) => type === "build-lost").length !== 1)
    .map((id) => `${id} was not built once more`);
}

const explained = z.object({ text: z.string() });

function rootWithLog(stage: Stage, id: ReleaseId): object | undefined {
  return stage.channel
    .roots(id)
    .find(({ blocks }) => JSON.stringify(blocks).includes("The log of the build"));
}

/** Whether API, explanation and Slack all tell the cause, and nobody is shown the log in full. */
async function toldAs(
  stage: Stage,
  releases: readonly ReleaseId[],
  cause: BuildCause,
  words: readonly RegExp[],
): Promise<readonly string[]> {
  const complaints = await Promise.all(
    releases.map(async (id) => {
      const failure = stage.trail.of(id).find((event) => event.type === "release-failed")?.failure;
      const { text } = explained.parse(await stage.read(`/releases/${id}/explain`));
      await stage.channel.until(`the way to the log of ${id}`, () => rootWithLog(stage, id));
      return [
        ...(failure?.help?.cause === cause ? [] : [`the cause is ${failure?.help?.cause}, not ${cause}`]),
        ...words.filter((word) => !word.test(text)).map((word) => `the explanation does not say ${word}`),
      ];
    }),
  );
  return complaints.flat();
}
