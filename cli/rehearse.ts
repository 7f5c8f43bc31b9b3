import { type Command, InvalidArgumentError, Option } from "commander";
import type { LocalVerb } from "./local-verbs.ts";
import { type Verb, withExample } from "./verb.ts";

type Given = Readonly<{ list?: true; json?: true; seed?: number; engine: RehearseEngine }>;

const engines = ["embedded", "google"] as const;

type RehearseEngine = (typeof engines)[number];

/** No name = all scenarios; `seed` null = as the scenarios have it. */
export type RehearseOptions = Readonly<{
  names: readonly string[];
  list: boolean;
  json: boolean;
  seed: number | null;
  /** `google`: Google's own Pub/Sub and Firestore emulators, and each function a process. */
  engine?: RehearseEngine;
}>;

/** `gantry rehearse [NAME...]` */
export function addRehearse(parent: Command, { io, finish }: Verb, run: LocalVerb<RehearseOptions>): void {
  const command = parent
    .command("rehearse")
    .description("Play releases against a private local cloud, with and without faults.")
    .argument("[name...]", "scenarios, as --list names them (else all)")
    .option("--list", "name the scenarios and play none")
    .option("--json", "one JSON object a line")
    .option("--seed <N>", "play the same chances again", seedOption)
    .addOption(
      new Option("--engine <ENGINE>", "where state and messages are; google takes Google's emulators")
        .choices(engines)
        .default("embedded"),
    )
    .action(async (names: readonly string[], { list, json, seed, engine }: Given) =>
      finish(await run({ names, list: list === true, json: json === true, seed: seed ?? null, engine }, io)),
    );
  withExample(command, "gantry rehearse good-release crash-on-start");
}

function seedOption(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a whole number from 0.");
}
