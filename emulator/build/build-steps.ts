import { mkdir } from "node:fs/promises";
import { join, posix } from "node:path";
import { BuildEnd, pause } from "./build-end.ts";
import type { BuildLogs } from "./build-log.ts";
import { type Build, type BuildStep, durationMs, spanSince } from "./build-resource.ts";
import { DockerFailure } from "./docker-copy.ts";
import type { DockerDaemon } from "./docker-daemon.ts";
import { runLocally, type StepExit } from "./step-process.ts";

const endless = 2 ** 31 - 1;

/** What the steps of one build share. */
export type Workbench = Readonly<{
  build: Build;
  workspace: string;
  scratchDirectory: string;
  docker: DockerDaemon;
  logs: BuildLogs;
  stepMs: number;
  /** The first step never ends by itself. */
  hangs: boolean;
}>;

/** The steps with their status, exit code and timing, and what each wrote to `$BUILDER_OUTPUT/output`. */
export type StepsPlayed = { readonly steps: BuildStep[]; readonly outputs: Buffer[]; end: BuildEnd | null };

/**
 * Plays the steps: each begins when those that it waits for have passed (all before it, unless `waitFor` says
 * otherwise). The first failure stops the others; what never began stays QUEUED, as in the real service.
 */
export async function playSteps(bench: Workbench, signal: AbortSignal): Promise<StepsPlayed> {
  const { steps } = bench.build;
  const played: StepsPlayed = {
    steps: steps.map((step) => ({ ...step, status: "QUEUED" })),
    outputs: steps.map(() => Buffer.alloc(0)),
    end: null,
  };
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const running: Promise<void>[] = [];
  for (const [index, step] of steps.entries()) {
    const before = dependencies(steps, index).map((each) => running[each]);
    running[index] = Promise.all(before).then(() => playStep(bench, played, index, step, either));
  }
  try {
    await Promise.all(running);
  } catch (error) {
    if (!signal.aborted) stop.abort(new BuildEnd("CANCELLED", "another step failed"));
    await Promise.allSettled(running);
    if (!(error instanceof BuildEnd)) throw error;
    played.end = error;
  }
  return played;
}

function dependencies(steps: readonly BuildStep[], index: number): readonly number[] {
  const waitFor = steps[index]?.waitFor ?? [];
  const earlier = [...steps.keys()].slice(0, index);
  if (waitFor.length === 0) return earlier;
  return earlier.filter((each) => waitFor.includes(steps[each]?.id ?? ""));
}

async function playStep(
  bench: Workbench,
  played: StepsPlayed,
  index: number,
  step: BuildStep,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const start = Date.now();
  const prefix = stepPrefix(bench.build, index);
  const say = (text: string): void =>
    bench.logs.say(bench.build.id, text, prefix === "" ? "" : `${prefix}: `);
  if (prefix !== "") bench.logs.say(bench.build.id, `Starting ${prefix}`);
  const finish = (status: BuildStep["status"], exitCode?: number): void => {
    const shown = status === undefined ? {} : { status };
    const code = exitCode === undefined ? {} : { exitCode };
    played.steps[index] = { ...step, ...shown, ...code, timing: spanSince(start) };
  };
  try {
    await pause(bench.hangs ? endless : bench.stepMs, signal);
    const exit = await withTimeout(step, signal, (within) => runStep(bench, index, step, say, within));
    const allowed =
      exit.exitCode === 0 || step.allowFailure === true || step.allowExitCodes.includes(exit.exitCode);
    finish(exit.exitCode === 0 ? "SUCCESS" : "FAILURE", exit.exitCode);
    played.outputs[index] = exit.output;
    if (!allowed) throw stepFailure(step, index, `step exited with non-zero status: ${exit.exitCode}`);
    if (prefix !== "") bench.logs.say(bench.build.id, `Finished ${prefix}`);
  } catch (error) {
    if (error instanceof StepTimeout) {
      finish("TIMEOUT");
      throw stepFailure(step, index, "step exceeded its timeout");
    }
    if (signal.aborted) finish(signal.reason instanceof BuildEnd ? signal.reason.status : "CANCELLED");
    throw error;
  }
}

class StepTimeout extends Error {}

async function withTimeout<Result>(
  step: BuildStep,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const milliseconds = step.timeout === undefined ? 0 : durationMs(step.timeout);
  if (milliseconds === 0) return run(signal);
  const own = new AbortController();
  const timer = setTimeout(() => own.abort(new StepTimeout()), milliseconds);
  try {
    return await run(AbortSignal.any([signal, own.signal]));
  } finally {
    clearTimeout(timer);
  }
}

async function runStep(
  bench: Workbench,
  index: number,
  step: BuildStep,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<StepExit> {
  const directory = posix.join("/", sourceDirectory(bench.build), stepDirectory(step));
  const { workspace } = bench;
  const workingDirectory = join(workspace, directory);
  await mkdir(workingDirectory, { recursive: true });
  if (isDocker(step)) return runDocker(bench, { words: step.args, workspace, workingDirectory, say, signal });
  const scratchDirectory = join(bench.scratchDirectory, `step-${index}`);
  await mkdir(scratchDirectory, { recursive: true });
  const env = bench.build.options?.env ?? [];
  return runLocally({ step, workingDirectory, scratchDirectory, env, say, signal });
}

function sourceDirectory({ source }: Build): string {
  return source?.gitSource?.dir ?? source?.connectedRepository?.dir ?? "";
}

function stepDirectory(step: BuildStep): string {
  return (step.dir ?? "").replace(/^\/workspace(\/|$)/, "");
}

function isDocker(step: BuildStep): boolean {
  const image = (step.name ?? "").replace(/:[^/:]*$/, "");
  const isBuilder = image === "gcr.io/cloud-builders/docker" || image === "docker";
  return isBuilder && ["", "docker"].includes(step.entrypoint ?? "");
}

async function runDocker(bench: Workbench, call: Parameters<DockerDaemon["run"]>[0]): Promise<StepExit> {
  try {
    await bench.docker.run(call);
    return { exitCode: 0, output: Buffer.alloc(0) };
  } catch (error) {
    if (!(error instanceof DockerFailure)) throw error;
    call.say(error.message);
    return { exitCode: error.exitCode, output: Buffer.alloc(0) };
  }
}

function stepPrefix(build: Build, index: number): string {
  if (build.steps.length === 1) return "";
  const id = build.steps[index]?.id ?? "";
  return id === "" ? `Step #${index}` : `Step #${index} - "${id}"`;
}

function stepFailure(step: BuildStep, index: number, problem: string): BuildEnd {
  return new BuildEnd("FAILURE", `build step ${index} "${step.name}" failed: ${problem}`, "USER_BUILD_STEP");
}
