import type { Command } from "commander";
import type { Verb } from "../verb.ts";
import { addFreezeList } from "./list.ts";
import { addFreezeOff } from "./off.ts";
import { addFreezeOn } from "./on.ts";

/** `gantry freeze …` */
export function addFreeze(parent: Command, verb: Verb): void {
  const command = parent
    .command("freeze")
    .description("Stop the line: nothing new is released while a freeze stands; a rollback always may run.");
  addFreezeOn(command, verb);
  addFreezeOff(command, verb);
  addFreezeList(command, verb);
}
