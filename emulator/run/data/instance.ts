import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { LaunchPlan } from "./launch-plan.ts";
import type { ProcessReaper } from "./process-reaper.ts";
import { residentMemory } from "./resident-memory.ts";
import { type ProbePlan, passesStartupProbe } from "./startup-probe.ts";

/** Where a line of a container went. `system` lines are Cloud Run's own. */
export type LogStream = "stdout" | "stderr" | "system";

export type InstanceOptions = Readonly<{
  id: string;
  plan: LaunchPlan;
  /** How many it has. */
  gpus: number;
  /** Null when the revision skips its health check. */
  probe: ProbePlan | null;
  shutdownGraceMs: number;
  reaper: ProcessReaper;
  onLine: (stream: LogStream, text: string) => void;
}>;

/** An instance as seen from outside. `memoryBytes` is resident memory, null where the system does not tell. */
export type InstanceDescription = Readonly<{
  id: string;
  state: Instance["state"];
  inFlight: number;
  startupMs: number | null;
  pid: number | null;
  memoryBytes: number | null;
  gpus: number;
}>;

/** One running container: a child process in a process group of its own. */
export class Instance {
  readonly id: string;
  readonly port: number;
  /** Requests that it is working on. */
  inFlight = 0;
  idleSince = performance.now();
  /** It broke a request off and gets none before this time. */
  suspectUntil = 0;
  state: "starting" | "ready" | "stopping" | "exited" = "starting";
  /** True once the startup probe has passed; false when it did not in time, or the process ended before. */
  readonly started: Promise<boolean>;
  readonly exited: Promise<void>;
  /** Milliseconds from its start to the passed startup probe; null as long as it has not passed. */
  startupMs: number | null = null;
  readonly #begunAt = performance.now();
  readonly #child: ChildProcess;
  readonly #options: InstanceOptions;
  readonly #gone = new AbortController();

  constructor(options: InstanceOptions) {
    const { id, plan } = options;
    this.id = id;
    this.port = plan.port;
    this.#options = options;
    this.#child = spawn(plan.file, plan.args, {
      cwd: plan.cwd,
      env: plan.env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (this.#child.pid !== undefined) options.reaper.watch(this.#child.pid);
    this.#readLines("stdout", this.#child.stdout);
    this.#readLines("stderr", this.#child.stderr);
    this.exited = this.#awaitExit();
    this.started = this.#awaitStart();
  }

  /** What can be seen of it from outside. */
  describe(): InstanceDescription {
    const { id, state, inFlight, startupMs } = this;
    const pid = this.#child.pid ?? null;
    const memoryBytes = pid === null ? null : residentMemory(pid);
    return { id, state, inFlight, startupMs, pid, memoryBytes, gpus: this.#options.gpus };
  }

  /** Asks the process to end, and kills it after the grace time. Resolves when it is gone; may be called repeatedly. */
  async stop(): Promise<void> {
    if (this.state !== "exited" && this.state !== "stopping") {
      this.state = "stopping";
      this.#gone.abort();
      this.#signal("SIGTERM");
      const timer = setTimeout(() => this.#signal("SIGKILL"), this.#options.shutdownGraceMs);
      this.onExit(() => clearTimeout(timer));
    }
    await this.exited;
  }

  /** Calls back once, when the process is gone. */
  onExit(callback: () => void): void {
    this.exited.then(callback, callback);
  }

  #readLines(stream: LogStream, source: Readable | null): void {
    if (source === null) return;
    createInterface({ input: source }).on("line", (text) => this.#options.onLine(stream, text));
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is gone already.
      this.#child.kill(signal);
    }
  }

  #awaitExit(): Promise<void> {
    return new Promise((resolve) => {
      const finish = (reason: string): void => {
        if (this.state === "exited") return;
        if (this.state !== "stopping") this.#options.onLine("system", reason);
        this.state = "exited";
        this.#signal("SIGKILL");
        if (this.#child.pid !== undefined) this.#options.reaper.forget(this.#child.pid);
        this.#gone.abort();
        resolve();
      };
      this.#child.once("error", (error) => finish(`Container could not be started: ${error.message}`));
      this.#child.once("exit", (code, signal) => finish(`Container called exit(${code ?? signal}).`));
    });
  }

  async #awaitStart(): Promise<boolean> {
    const { probe, plan } = this.#options;
    const hasPassed = probe === null || (await passesStartupProbe(probe, plan.port, this.#gone.signal));
    if (!hasPassed || this.state !== "starting") return false;
    this.state = "ready";
    this.idleSince = performance.now();
    this.startupMs = this.idleSince - this.#begunAt;
    if (probe !== null) this.#options.onLine("system", startedLine(probe, plan.port));
    return true;
  }
}

/** As Cloud Run logs it for each instance. */
function startedLine({ path }: ProbePlan, port: number): string {
  const kind = path === null ? "TCP" : "HTTP";
  const where = path === null ? `port ${port}` : `port ${port} path "${path}"`;
  return `STARTUP ${kind} probe succeeded for container on ${where}.`;
}
