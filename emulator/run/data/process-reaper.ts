import { type ChildProcess, spawn } from "node:child_process";

/**
 * Reads `+ PID` and `- PID` lines. When its input ends, the local cloud is gone, be it by SIGKILL, and every process
 * group that is still on the list is killed.
 */
const REAPER_SCRIPT = `
trap '' INT TERM HUP
pids=" "
while read -r change pid; do
  case "$change" in
    +) pids="$pids$pid " ;;
    -) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -KILL "-$pid" 2>/dev/null; done
`;

/** Sees to it that no instance outlives the process that started it. Where there is no /bin/sh it does nothing. */
export class ProcessReaper {
  #watcher: ChildProcess | null = null;

  watch(pid: number): void {
    this.#watcher ??= this.#start();
    this.#write(`+ ${pid}\n`);
  }

  forget(pid: number): void {
    this.#write(`- ${pid}\n`);
  }

  close(): void {
    this.#watcher?.stdin?.end();
    this.#watcher = null;
  }

  #start(): ChildProcess {
    const watcher = spawn("/bin/sh", ["-c", REAPER_SCRIPT], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    watcher.on("error", () => undefined);
    watcher.stdin?.on("error", () => undefined);
    watcher.unref();
    return watcher;
  }

  #write(line: string): void {
    const input = this.#watcher?.stdin;
    if (input?.writable) input.write(line);
  }
}
