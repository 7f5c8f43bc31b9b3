import type { Command } from "commander";
import type { Verb } from "../verb.ts";
import { addDeadLetterList } from "./list.ts";
import { addReplay } from "./replay.ts";

/** `gantry deadletter …` */
export function addDeadLetter(parent: Command, verb: Verb): void {
  const command = parent
    .command("deadletter")
    .description("Look at messages that were given up: list, replay.");
  addDeadLetterList(command, verb);
  addReplay(command, verb);
}
