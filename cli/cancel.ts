import type { Command } from "commander";
import { addDecision } from "./release-decision.ts";
import type { Verb } from "./verb.ts";

/** `gantry cancel ID` */
export function addCancel(parent: Command, verb: Verb): void {
  addDecision(parent, verb, {
    name: "cancel",
    description:
      "End a release that has no traffic yet, or one that is held (the traffic then stays as it is).",
    reason: "possible",
    example: 'gantry cancel r-3k9x0a2b --reason "wrong tag"',
  });
}
