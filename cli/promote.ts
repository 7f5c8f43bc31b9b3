import type { Command } from "commander";
import { addDecision } from "./release-decision.ts";
import type { Verb } from "./verb.ts";

/** `gantry promote ID` */
export function addPromote(parent: Command, verb: Verb): void {
  addDecision(parent, verb, {
    name: "promote",
    description: "Take the last step of a release next, and skip the holds that are left; then it bakes.",
    reason: "none",
    example: "gantry promote r-3k9x0a2b",
  });
}
