import type { Command } from "commander";
import { addDecision } from "./release-decision.ts";
import type { Verb } from "./verb.ts";

/** `gantry pause ID` */
export function addPause(parent: Command, verb: Verb): void {
  addDecision(parent, verb, {
    name: "pause",
    description:
      "Take no further step of a release; it is watched on, and still taken back when it goes bad.",
    reason: "none",
    example: "gantry pause r-3k9x0a2b",
  });
}
