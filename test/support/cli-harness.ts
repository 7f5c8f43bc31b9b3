import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CliIo, Sink } from "../../cli/cli-io.ts";
import { runProgram } from "../../cli/program.ts";
import { startServer } from "../../service/server.ts";
import type { ServiceDeps } from "../../service/service-deps.ts";
import type { ServiceEvent } from "../../shared/domain/events.ts";
import type { Policy } from "../../shared/domain/policy.ts";
import { newRecord, project } from "../../shared/domain/project.ts";
import type { ReleaseRecord } from "../../shared/domain/release-record.ts";
import { commitOf, releaseBasics, serviceKey, serviceState } from "./fixtures.ts";
import { openPolicy } from "./function-harness.ts";
import { realClock } from "./real-clock.ts";
import { operatorToken, serviceHarness } from "./service-harness.ts";

/** What a command left behind. */
export type Ran = Readonly<{ exitCode: number; stdout: string; stderr: string }>;

/** A command that runs. */
export type Running = Readonly<{
  ended: Promise<Ran>;
  stdout: () => string;
  stderr: () => string;
  stop: () => void;
}>;

/** Waits of the CLI pass a hundred times faster, so that seconds of patience are milliseconds of a test. */
const fastClock: CliIo["clock"] = {
  now: realClock.now,
  sleep: ({ ms, signal }) => realClock.sleep({ ms: Math.ceil(ms / 100), signal }),
};

const silent: Sink = { isTty: false, write: () => {} };

/** The world of a command that nobody watches, in a folder where nothing is. */
export function cliIo(changes: Partial<CliIo> = {}): CliIo {
  return {
    stdout: silent,
    stderr: silent,
    ask: null,
    env: {},
    cwd: "/nonexistent",
    zone: "UTC",
    version: "0.1.0",
    fetch,
    clock: fastClock,
    stopping: new AbortController().signal,
    localVerbs: {},
    ...changes,
  };
}

/** Begins a command with captured streams; `stdout` and `stderr` of the changes say only whether they are terminals. */
export function beginCli(argv: readonly string[], changes: Partial<CliIo> = {}): Running {
  const written = { stdout: "", stderr: "" };
  const stopping = new AbortController();
  const sink = (name: "stdout" | "stderr"): Sink => ({
    isTty: changes[name]?.isTty ?? false,
    write: (text: string) => {
      written[name] += text;
    },
  });
  const streams = { stdout: sink("stdout"), stderr: sink("stderr"), stopping: stopping.signal };
  const ended = runProgram(argv, cliIo({ ...changes, ...streams }));
  return {
    ended: ended.then((exitCode) => ({ exitCode, ...written })),
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    stop: () => stopping.abort(),
  };
}

/** Runs a command to its end. */
export function runCli(argv: readonly string[], changes: Partial<CliIo> = {}): Promise<Ran> {
  return beginCli(argv, changes).ended;
}

/** The HTTP process on a free port, and commands that are signed in to it. */
export async function cliHarness(changes: Partial<ServiceDeps> = {}, policy: Policy = openPolicy()) {
  const harness = serviceHarness(changes, policy);
  let server = await startServer({ app: harness.app, host: "127.0.0.1", port: 0 });
  const { url } = server;
  const env = { GANTRY_URL: url, GANTRY_TOKEN: operatorToken };
  let version = 0;
  const records = new Map<string, ReleaseRecord>();

  /** Commits what happened, with the record that follows from it. */
  async function tell(events: readonly ServiceEvent[], state: Parameters<typeof serviceState>[0] = {}) {
    for (const event of events) {
      const record =
        records.get(event.releaseId) ?? newRecord(serviceKey(), releaseBasics({ id: event.releaseId }));
      records.set(event.releaseId, project(record, event));
    }
    const told = events.map((event) => records.get(event.releaseId)).filter((record) => record !== undefined);
    const result = await harness.commit(
      commitOf({
        expectedVersion: version,
        events,
        state: serviceState(state),
        releases: [...new Set(told)],
      }),
    );
    if (result.outcome !== "committed") throw new Error(result.outcome);
    version = result.version;
  }

  return {
    ...harness,
    url,
    env,
    tell,
    run: (argv: readonly string[], io: Partial<CliIo> = {}) => runCli(argv, { env, ...io }),
    begin: (argv: readonly string[], io: Partial<CliIo> = {}) => beginCli(argv, { env, ...io }),
    stop: () => server.close(),
    restart: async () => {
      await server.close();
      server = await startServer({ app: harness.app, host: "127.0.0.1", port: Number(new URL(url).port) });
    },
  };
}

/** Resolves once the text holds `part`; fails after three seconds with what it held. */
export async function seen(text: () => string, part: string): Promise<void> {
  const end = Date.now() + 3_000;
  while (!text().includes(part)) {
    if (Date.now() > end) throw new Error(`${JSON.stringify(part)} never came; there was:\n${text()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Calls `use` with a folder of its own, which is gone afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "gantry-cli-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
