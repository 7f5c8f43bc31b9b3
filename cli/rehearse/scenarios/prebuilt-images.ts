import { serviceName } from "../../../shared/domain/release-facts.ts";
import type { Scenario } from "../scenario.ts";
import { repository, type Stage } from "../stage.ts";

/** Where the demo's builds push, and how many calls find Cloud Build down. */
const registry = "us-central1-docker.pkg.dev";
const always = 10_000;

/** Releases that bring their image. */
export const prebuiltScenarios: readonly Scenario[] = [
  {
    name: "prebuilt-image",
    story: "Cloud Build is down: an image that was built elsewhere goes live by the same gate and rollout.",
    expected: "cancelled+live",
    live: "candidate",
    play: async (stage) => {
      const [built] = await stage.push("v1.8.0");
      if (built === undefined) return [];
      const { image } = await stage.trail.first("build-succeeded", built);
      await stage.command(`/releases/${built}/cancel`, { reason: "only its image is wanted" });
      await stage.ended(built, "release-cancelled");
      await copyTag(stage, image.name, image.digest, "by-hand");
      stage.cloud.build.faults.set("unavailable", { count: always });
      const reference = `${image.name}:by-hand`;
      await stage.command("/releases", { repository, tag: "v1.8.0", image: reference });
      const given = await stage.trail.until((event) => event.type === "image-given");
      await stage.ended(given.releaseId, "release-live");
      return [built, given.releaseId];
    },
    check: async (stage, [, id]) => {
      if (id === undefined) return ["no image was given"];
      const types = stage.trail.of(id).map(({ type }) => type);
      const missed = (["gate-passed", "step-began", "bake-began"] as const).filter(
        (type) => !types.includes(type),
      );
      return [
        ...missed.map((type) => `it went live without ${type}`),
        ...(types.includes("build-started") ? ["it was built"] : []),
      ];
    },
  },
];

/** Gives an image another tag, as a person does with a registry's own tools. */
async function copyTag(stage: Stage, name: string, digest: string, tag: string): Promise<void> {
  const path = name.slice(registry.length + 1);
  const at = (reference: string): string =>
    `${stage.cloud.registry.url}/v2/${path}/manifests/${reference}?ns=${registry}`;
  const manifest = await (await fetch(at(digest), { signal: stage.signal })).text();
  const pushed = await fetch(at(tag), { method: "PUT", body: manifest, signal: stage.signal });
  if (pushed.status !== 201)
    throw new Error(`the image ${serviceName(stage.service)} was not tagged: ${await pushed.text()}`);
}
