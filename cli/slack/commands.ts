import type { Command } from "commander";
import type { Verb } from "../verb.ts";
import { addManifest } from "./manifest.ts";

/** `gantry slack …` */
export function addSlack(parent: Command, verb: Verb): void {
  const command = parent.command("slack").description("Set up Slack: manifest.");
  addManifest(command, verb);
}
