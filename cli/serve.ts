import type { Command } from "commander";
import type { LocalVerb } from "./local-verbs.ts";
import { portOption } from "./port-option.ts";
import { type Verb, withExample } from "./verb.ts";

export type ServeOptions = Readonly<{ config?: string; port?: number; db?: string; json?: true }>;

/** `gantry serve` */
export function addServe(parent: Command, { io, finish }: Verb, run: LocalVerb<ServeOptions>): void {
  const command = parent
    .command("serve")
    .description("Run Gantry against the real Google Cloud, as one process with one file.")
    .option("--config <FILE>", "the settings of the server")
    .option("--port <N>", "where the console, the API and the webhooks answer", portOption)
    .option("--db <FILE>", "the SQLite file that keeps everything")
    .option("--json", "one line with the addresses once all is ready")
    .action(async (options: ServeOptions) => finish(await run(options, io)));
  withExample(command, "gantry serve --config gantry.server.yaml --db /var/lib/gantry/gantry.db");
}
