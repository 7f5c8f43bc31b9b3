import type { Command } from "commander";
import type { LocalVerb } from "./local-verbs.ts";
import { portOption } from "./port-option.ts";
import { type Verb, withExample } from "./verb.ts";

export type DevOptions = Readonly<{ port: number; fresh: boolean; state: string; json: boolean }>;

type Given = Readonly<{ port: number; fresh?: true; state: string; json?: true }>;

/** Where everything is kept unless told otherwise; the other verbs look for a server there. */
export const defaultState = ".gantry";

const defaultPort = 4600;

/** `gantry dev` */
export function addDev(parent: Command, { io, finish }: Verb, run: LocalVerb<DevOptions>): void {
  const command = parent
    .command("dev")
    .description("Run Gantry and its local cloud on this machine: no account, no Docker.")
    .option("--port <N>", "where the console and the API answer; 0 = any free port", portOption, defaultPort)
    .option("--fresh", "forget everything from before")
    .option("--state <DIR>", "where everything is kept", defaultState)
    .option("--json", "one line with every address, token and example URL once all is ready")
    .action(async (given: Given) =>
      finish(await run({ ...given, fresh: given.fresh === true, json: given.json === true }, io)),
    );
  withExample(command, "gantry dev --fresh");
}
