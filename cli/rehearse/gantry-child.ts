import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { LocalCloud } from "../../emulator/local-cloud.ts";
import { secretNames } from "../serve/server-settings.ts";
import { type ServeFiles, writeServeFolder } from "./serve-folder.ts";

export type ChildOptions = Readonly<{
  directory: string;
  cloud: LocalCloud;
  secrets: Readonly<{ person: string; token: string; webhookSecret: string }>;
  env: Readonly<Record<string, string | undefined>>;
  log: (line: string) => void;
  files?: ServeFiles;
  /** The file of the command line, asked for at each start; without it, this very program. */
  program?: () => string;
}>;

const ready = z.object({ ready: z.literal(true), url: z.string() });

/** `gantry serve` before a local cloud, in a process of its own: the same port and the same state at every start. */
export class GantryChild {
  readonly #options: ChildOptions;
  #process: ChildProcess | null = null;
  #url: string | null = null;
  #port = 0;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  /** Null while it does not answer. */
  get url(): string | null {
    return this.#url;
  }

  /** Starts it and answers its URL once it is ready. Rejects when it ends before. */
  async start(): Promise<string> {
    const { directory, cloud, env, secrets, log, files, program } = this.#options;
    const settings = await writeServeFolder(join(directory, "serve"), cloud, files ?? {});
    const words = ["serve", "--config", settings, "--port", String(this.#port), "--json"];
    const child = spawn(
      process.execPath,
      [...(program === undefined ? thisProgram() : [program()]), ...words],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          ...env,
          [secretNames.webhook]: secrets.webhookSecret,
          [secretNames.tokens]: `${secrets.person}=${secrets.token}`,
        },
      },
    );
    this.#process = child;
    createInterface({ input: child.stderr }).on("line", log);
    const url = await firstAnswer(child);
    this.#url = url;
    this.#port = Number(new URL(url).port);
    return url;
  }

  /** Ends it at once with SIGKILL, as a power cut would. */
  async kill(): Promise<void> {
    this.#url = null;
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
}

/** This very program, compiled or from its sources. */
function thisProgram(): readonly string[] {
  const isSource = import.meta.url.endsWith(".ts");
  const main = new URL(isSource ? "../main.ts" : "../main.js", import.meta.url);
  return [...(isSource ? ["--import", import.meta.resolve("tsx")] : []), fileURLToPath(main)];
}

function firstAnswer(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`gantry serve ended with ${code} before it was ready`)));
    if (child.stdout === null) return reject(new Error("gantry serve has no output"));
    createInterface({ input: child.stdout }).once("line", (line) =>
      resolve(ready.parse(JSON.parse(line)).url),
    );
  });
}
