import type { Command } from "commander";
import type { Verb } from "../verb.ts";
import { addFree } from "./free.ts";
import { addQuarantineList } from "./list.ts";

/** `gantry quarantine …` */
export function addQuarantine(parent: Command, verb: Verb): void {
  const command = parent
    .command("quarantine")
    .description("Look at images that were rolled back and may not come again: list, free.");
  addQuarantineList(command, verb);
  addFree(command, verb);
}
