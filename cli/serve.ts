import type { Command } from "commander";
import type { LocalVerb } from "./local-verbs.ts";
import { portOption } from "./port-option.ts";
import { type Verb, withExample } from "./verb.ts";

/** Null = not given: the settings file decides, then a default. */
export type ServeOptions = Readonly<{
  config: string | null;
  port: number | null;
  db: string | null;
  json: boolean;
}>;

type Given = Readonly<{ config?: string; port?: number; db?: string; json?: true }>;

/** `gantry serve` */
export function addServe(parent: Command, { io, finish }: Verb, run: LocalVerb<ServeOptions>): void {
  const command = parent
    .command("serve")
    .description("Run Gantry against the real Google Cloud, as one process with one file.")
    .option("--config <FILE>", "the settings of the server")
    .option("--port <N>", "where the console, the API and the webhooks answer", portOption)
    .option("--db <FILE>", "the SQLite file that keeps everything")
    .option("--json", "one line with the addresses once all is ready")
    .action(async (given: Given) => finish(await run(optionsOf(given), io)));
  withExample(command, "gantry serve --config gantry.server.yaml --db /var/lib/gantry/gantry.db");
}

function optionsOf({ config, port, db, json }: Given): ServeOptions {
  return { config: config ?? null, port: port ?? null, db: db ?? null, json: json === true };
}
