import type { Command } from "commander";
import type { LocalVerb } from "./local-verbs.ts";
import { portOption } from "./port-option.ts";
import { type Verb, withExample } from "./verb.ts";

export type DevOptions = Readonly<{ port?: number; fresh?: true; state?: string; json?: true }>;

/** `gantry dev` */
export function addDev(parent: Command, { io, finish }: Verb, run: LocalVerb<DevOptions>): void {
  const command = parent
    .command("dev")
    .description("Run Gantry and its local cloud on this machine: no account, no Docker.")
    .option("--port <N>", "where the console and the API answer (else a usual one)", portOption)
    .option("--fresh", "forget everything from before")
    .option("--state <DIR>", "where state is kept (else .gantry)")
    .option("--json", "one line with every address, token and example URL once all is ready")
    .action(async (options: DevOptions) => finish(await run(options, io)));
  withExample(command, "gantry dev --fresh");
}
