import type { Command } from "commander";
import type { Verb } from "../verb.ts";
import { addExplain } from "./explain.ts";
import { addList } from "./list.ts";
import { addShow } from "./show.ts";

/** `gantry releases …` */
export function addReleases(parent: Command, verb: Verb): void {
  const command = parent.command("releases").description("Look at releases: list, show, explain.");
  addList(command, verb);
  addShow(command, verb);
  addExplain(command, verb);
}
