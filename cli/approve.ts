import type { Command } from "commander";
import { addDecision } from "./release-decision.ts";
import type { Verb } from "./verb.ts";

/** `gantry approve ID` */
export function addApprove(parent: Command, verb: Verb): void {
  addDecision(parent, verb, {
    name: "approve",
    description: "Say yes to a release that waits for approval: this digest, this plan.",
    reason: "none",
    example: "gantry approve r-3k9x0a2b",
  });
}
