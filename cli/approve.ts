import type { Command } from "commander";
import { addApprovalDecision } from "./approval-decision.ts";
import type { Verb } from "./verb.ts";

/** `gantry approve ID` */
export function addApprove(parent: Command, verb: Verb): void {
  addApprovalDecision(parent, verb, {
    name: "approve",
    description: "Say yes to a release that waits for approval: this digest, this plan. Shows both first.",
    question: "Approve",
    not: "Not approved",
    example: "gantry approve r-3k9x0a2b",
  });
}
