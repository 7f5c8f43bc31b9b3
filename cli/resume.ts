import type { Command } from "commander";
import { addDecision } from "./release-decision.ts";
import type { Verb } from "./verb.ts";

/** `gantry resume ID` */
export function addResume(parent: Command, verb: Verb): void {
  addDecision(parent, verb, {
    name: "resume",
    description: "Go on with the steps of a release that is paused.",
    reason: "none",
    example: "gantry resume r-3k9x0a2b",
  });
}
