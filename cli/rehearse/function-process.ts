import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../emulator/run/data/free-port.ts";
import type { FunctionName } from "../../shared/install/google-parts.ts";
import { googleNames } from "../runtime/google-settings.ts";

export type FunctionProcessOptions = Readonly<{
  name: FunctionName;
  /** What functions-framework loads. */
  main: string;
  env: Readonly<Record<string, string | undefined>>;
  log: (line: string) => void;
}>;

/** What takes the place of a function's process: another program, with what it alone is told. */
type Replacement = Readonly<{ main: string; env?: Readonly<Record<string, string>>; atOnce: boolean }>;

const startWithinMs = 30_000;
const mostTries = 3;

/** functions-framework's own program, which is no export of its package. */
const framework = join(
  dirname(createRequire(import.meta.url).resolve("@google-cloud/functions-framework")),
  "main.js",
);

/** One function as Google runs it: functions-framework in a process of its own. */
export class FunctionProcess {
  readonly #options: FunctionProcessOptions;
  readonly #retired: ChildProcess[] = [];
  #main: string;
  #ownEnv: Replacement["env"] = {};
  #process: ChildProcess | null = null;
  #port = 0;
  #isFrozen = false;

  constructor(options: FunctionProcessOptions) {
    this.#options = options;
    this.#main = options.main;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Null = it does not run. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  get isRunning(): boolean {
    return this.#process !== null;
  }

  /** It runs, and does not stand still. */
  get isFree(): boolean {
    return this.isRunning && !this.#isFrozen;
  }

  /** Ready once resolved: at the same port as before, or at another where somebody took that meanwhile. */
  async start(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      if (this.#port === 0) this.#port = await freePort();
      if (await this.#startOnce()) return;
      await this.stop();
      this.#port = 0;
      if (tries === mostTries) throw new Error(`the function ${this.#options.name} did not start`);
    }
  }

  async #startOnce(): Promise<boolean> {
    const { name, env, log } = this.#options;
    const child = spawn(process.execPath, [framework], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...env,
        ...this.#ownEnv,
        FUNCTION_TARGET: name,
        FUNCTION_SOURCE: this.#main,
        PORT: String(this.#port),
        [googleNames.pushAudience]: this.url,
      },
    });
    this.#process = child;
    const hear = (line: string): void => log(`${name}: ${line}`);
    createInterface({ input: child.stdout }).on("line", hear);
    createInterface({ input: child.stderr }).on("line", hear);
    await once(child, "spawn");
    return this.#isReady(child);
  }

  /** Ends it at once, as Google ends an instance; SIGKILL unless told otherwise. */
  async stop(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const children = [...this.#retired.splice(0), ...(this.#process === null ? [] : [this.#process])];
    this.#process = null;
    this.#isFrozen = false;
    await Promise.all(children.map((child) => end(child, signal)));
  }

  /** Another version takes the calls from now on; the instance before ends what it has begun, or is ended `atOnce`. */
  async become({ main, env = {}, atOnce }: Replacement): Promise<void> {
    if (atOnce) await this.stop("SIGTERM");
    else if (this.#process !== null) this.#retired.push(this.#process);
    this.#main = main;
    this.#ownEnv = env;
    this.#port = 0;
    await this.start();
  }

  /** Its CPU is taken away, as between two requests. */
  freeze(): void {
    this.#isFrozen = true;
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#isFrozen = false;
    this.#process?.kill("SIGCONT");
  }

  /** It answers what is no push with 405. */
  async #isReady(child: ChildProcess): Promise<boolean> {
    const deadline = Date.now() + startWithinMs;
    for (;;) {
      const answer = await fetch(this.url, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
      await answer?.arrayBuffer();
      if (answer?.status === 405 && child.exitCode === null) return true;
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) return false;
      await sleep(25);
    }
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGCONT"); // one that stands still hears nothing else but SIGKILL
  child.kill(signal);
  await gone;
}
