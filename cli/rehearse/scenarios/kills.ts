import type { ServiceEvent } from "../../../shared/domain/events.ts";
import type { Scenario } from "../scenario.ts";

type Point = Readonly<{ type: ServiceEvent["type"]; step?: number }>;

/** Every kind of step on the way of a good release, in its order. */
const points: readonly Point[] = [
  { type: "release-began" },
  { type: "build-started" },
  { type: "build-succeeded" },
  { type: "candidate-deployed" },
  { type: "gate-passed" },
  { type: "traffic-moved", step: 0 },
  { type: "step-began", step: 1 },
  { type: "traffic-moved", step: 1 },
  { type: "bake-began" },
  { type: "release-live" },
];

/** Gantry's process dies while it works. */
export const killScenarios: readonly Scenario[] = [
  {
    name: "killed-at-every-step",
    story:
      "Gantry is killed with SIGKILL after every step of a good release and started again: nothing is lost or done twice.",
    expected: "live",
    live: "candidate",
    setting: { gantry: "child", deadlineMs: 150_000 },
    play: async (stage) => {
      const { killAndStart } = stage.gantry;
      if (killAndStart === null) throw new Error("Gantry has no process of its own");
      const releases = await stage.push("v1.1.0");
      for (const point of points) {
        await stage.trail.until((event) => releases.includes(event.releaseId) && isAt(event, point));
        await killAndStart();
      }
      for (const id of releases) await stage.ended(id, "release-live");
      return releases;
    },
  },
];

function isAt(event: ServiceEvent, { type, step }: Point): boolean {
  return event.type === type && (step === undefined || ("step" in event && event.step === step));
}
