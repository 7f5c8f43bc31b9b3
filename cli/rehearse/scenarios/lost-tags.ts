import { setTimeout as sleep } from "node:timers/promises";
import { nextTagLookAt } from "../../../shared/usecases/find-tags.ts";
import type { Scenario } from "../scenario.ts";
import { repository, type Stage } from "../stage.ts";

/** Waits until Gantry has looked at the tags once: what is there by then is history, and is never released. */
export async function firstLook({ gantry, signal }: Stage): Promise<void> {
  const { deps } = gantry;
  if (deps === null || (await nextTagLookAt(deps)) === null) throw new Error("nobody looks for tags here");
  while ((await deps.notes.read(`tags/${repository}`)) === null) await sleep(50, null, { signal });
}

/** What GitHub does not tell. */
export const lostTagScenarios: readonly Scenario[] = [
  {
    name: "webhook-lost",
    story: "The webhook of a tag never arrives: the sweep finds the tag, and it is released as if it had.",
    expected: "live",
    live: "candidate",
    setting: { findsTags: true },
    play: async (stage) => {
      await firstLook(stage);
      stage.cloud.git.faults.set("lose-webhooks");
      const [id] = await stage.push("v1.1.0");
      if (id === undefined) return [];
      await stage.ended(id, "release-live");
      return [id];
    },
    check: async (stage, [id]) => {
      const deliveries = stage.cloud.git.deliveries(repository).filter(({ event }) => event === "push");
      const requested = id === undefined ? [] : stage.trail.of(id);
      const isFound = requested.some(
        (event) => event.type === "release-requested" && event.release.requestedBy.name.includes("the sweep"),
      );
      return [
        ...(deliveries.some(({ status_code }) => status_code < 300) ? ["a webhook arrived"] : []),
        ...(isFound ? [] : ["the release does not say that the sweep found its tag"]),
      ];
    },
  },
];
