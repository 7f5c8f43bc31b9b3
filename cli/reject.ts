import type { Command } from "commander";
import { addApprovalDecision } from "./approval-decision.ts";
import type { Verb } from "./verb.ts";

/** `gantry reject ID --reason TEXT` */
export function addReject(parent: Command, verb: Verb): void {
  addApprovalDecision(parent, verb, {
    name: "reject",
    description: "Say no to a release that waits for approval; it ends without traffic.",
    question: "Reject",
    not: "Not rejected",
    example: 'gantry reject r-3k9x0a2b --reason "the model is not the one we tested"',
  });
}
