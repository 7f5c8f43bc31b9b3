import { resolve } from "node:path";
import type { CliIo } from "../cli-io.ts";
import { exitCodes } from "../exit-code.ts";
import { type StartAdvice, startOrComplain } from "../runtime/start-complaint.ts";
import { untilStopped } from "../runtime/until-stopped.ts";
import type { ServeOptions } from "../serve.ts";
import { readServer, stateOf } from "./server.ts";
import type { ServerFiles } from "./server-files.ts";
import { listenOf, pollsOf } from "./server-parts.ts";
import { type OpenEngine, startServing } from "./serving.ts";

const advice: StartAdvice = {
  otherPort: (port) => `gantry serve --port ${port}`,
  otherState: "gantry serve --db OTHER_FILE",
};

/** Runs Gantry's HTTP with its engine against the clouds that its settings name, until it is told to stop. */
export async function runServe(options: ServeOptions, io: CliIo): Promise<number> {
  const choice = { usual: "embedded", hasEmbedded: true } as const;
  const server = await readServer({ config: options.config, choice }, io);
  const { settings, google } = server;
  const file = databaseOf(server, options, io);
  const open: OpenEngine = async (opening) =>
    google === null
      ? (await import("./embedded.ts")).openEmbedded(file)(opening)
      : (await import("./google.ts")).openGoogle(opening);
  const listen = listenOf(settings, { port: options.port, env: google === null ? {} : io.env });
  const { env, version } = io;
  const around = { env, version, write: (line: string) => io.stderr.write(line) };
  const serving = await startOrComplain(advice, () => startServing({ server, listen, open, io: around }));
  tell(options, io, {
    url: serving.url,
    database: google === null ? file : stateOf(google),
    polls: pollsOf(settings, google === null ? "embedded" : "google"),
  });
  await untilStopped(io.stopping);
  await serving.close();
  return exitCodes.done;
}

type Ready = Readonly<{ url: string; database: string; polls: ReturnType<typeof pollsOf> }>;

function tell({ json }: ServeOptions, io: CliIo, { url, database, polls }: Ready): void {
  const ready = { ready: true, url, webhook: `${url}/hooks/github`, database };
  if (json) io.stdout.write(`${JSON.stringify(ready)}\n`);
  else io.stderr.write(`gantry ${io.version} answers at ${url}; state in ${database}; ${pollWords(polls)}\n`);
}

function pollWords({ pollBuildEveryMs, pollBuildUpToMs }: Ready["polls"]): string {
  const first = `${pollBuildEveryMs / 1000} s`;
  if (pollBuildUpToMs === null) return `Cloud Build is asked every ${first}`;
  return `Cloud Build is asked after ${first}, then up to ${pollBuildUpToMs / 1000} s apart`;
}

function databaseOf({ folder, settings }: ServerFiles, options: ServeOptions, io: CliIo): string {
  return options.db === null ? resolve(folder, settings.database) : resolve(io.cwd, options.db);
}
