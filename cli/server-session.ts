import type { Command } from "commander";
import { type ApiClient, createApiClient } from "./api-client.ts";
import type { CliIo } from "./cli-io.ts";
import { createOutput, type Output } from "./output.ts";
import { serverAddress } from "./server-address.ts";

/** Options of every verb that asks a server. */
export type ServerOptions = Readonly<{ url?: string; token?: string; json?: true }>;

/** A verb in touch with a server. */
export type Session = Readonly<{ io: CliIo; api: ApiClient; out: Output }>;

/** Finds the server; throws a complaint when none is named. */
export function openSession(io: CliIo, options: ServerOptions): Session {
  const out = createOutput(io, { isJson: options.json === true });
  return { io, out, api: createApiClient(io, serverAddress(options, io)) };
}

/** Declares the options that `openSession` reads. */
export function withServer(command: Command): Command {
  return command
    .option("--url <URL>", "the Gantry server (else GANTRY_URL, else the `gantry dev` of this folder)")
    .option(
      "--token <TOKEN>",
      "the token to sign in with (else GANTRY_TOKEN; other users of this machine can see a flag)",
    )
    .option("--json", "JSON on stdout, errors as JSON on stderr");
}
