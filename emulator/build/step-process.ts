import { spawn } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BuildStep } from "./build-resource.ts";

/** How a step ended, and the first 50 KB that it wrote to `$BUILDER_OUTPUT/output`. */
export type StepExit = Readonly<{ exitCode: number; output: Buffer }>;

/** What a step that runs as a local process may reach. */
export type StepSurroundings = Readonly<{
  step: BuildStep;
  workingDirectory: string;
  scratchDirectory: string;
  env: readonly string[];
  say: (text: string) => void;
  signal: AbortSignal;
}>;

const outputLimit = 50 * 1024;
const carried = new Set(["bash", "busybox", "alpine", "ubuntu", "debian", "node"]);
const shells: Readonly<Record<string, string>> = {
  bash: "bash",
  "/bin/bash": "bash",
  sh: "sh",
  "/bin/sh": "sh",
  node: process.execPath,
};

/** The command of a step that the local cloud can run without a container; null for every other builder image. */
function localCommand(step: BuildStep, scriptFile: string): readonly string[] | null {
  const image =
    (step.name ?? "")
      .replace(/@.*$/, "")
      .replace(/:[^/:]*$/, "")
      .split("/")
      .at(-1) ?? "";
  if (!carried.has(image)) return null;
  if ((step.script ?? "") !== "")
    return /^#!.*\bbash\b/.test(step.script ?? "") ? ["bash", scriptFile] : ["sh", scriptFile];
  const own = image === "bash" || image === "node" ? [image] : [];
  const words = (step.entrypoint ?? "") === "" ? own : [step.entrypoint ?? ""];
  const [program = "", ...rest] = [...words, ...step.args];
  const found = shells[program];
  return found === undefined ? null : [found, ...rest];
}

/**
 * Runs the step as a child process in the workspace, with an environment of its own and nothing of the local cloud's.
 * Aborting the signal kills the process and its children.
 */
export async function runLocally(around: StepSurroundings): Promise<StepExit> {
  const { step, scratchDirectory } = around;
  const outputDirectory = join(scratchDirectory, "output");
  const scriptFile = join(scratchDirectory, "script");
  await mkdir(outputDirectory, { recursive: true });
  await writeFile(scriptFile, step.script ?? "");
  await chmod(scriptFile, 0o755);
  const command = localCommand(step, scriptFile);
  if (command === null) {
    around.say(
      `The local cloud does not carry the image ${step.name}: it plays docker build, push and tag, and runs scripts of bash, sh and node.`,
    );
    return { exitCode: 1, output: Buffer.alloc(0) };
  }
  const exitCode = await runChild(command, { ...around, env: environment(around, outputDirectory) });
  const output = await readFile(join(outputDirectory, "output")).catch(() => Buffer.alloc(0));
  return { exitCode, output: output.subarray(0, outputLimit) };
}

function environment(around: StepSurroundings, outputDirectory: string): readonly string[] {
  return [
    `PATH=${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    `HOME=${around.scratchDirectory}`,
    `BUILDER_OUTPUT=${outputDirectory}`,
    ...around.env,
    ...around.step.env,
  ];
}

async function runChild(command: readonly string[], around: StepSurroundings): Promise<number> {
  around.signal.throwIfAborted(); // a signal that was aborted before calls no listener
  const [program = "sh", ...words] = command;
  const env = Object.fromEntries(
    around.env.map((pair) => [pair.split("=", 1)[0], pair.slice(pair.indexOf("=") + 1)]),
  );
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd: around.workingDirectory,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const kill = (): void => {
      if (child.pid !== undefined && child.exitCode === null) killGroup(child.pid);
    };
    around.signal.addEventListener("abort", kill, { once: true });
    child.stdout.setEncoding("utf8").on("data", around.say);
    child.stderr.setEncoding("utf8").on("data", around.say);
    child.once("error", (error) => {
      around.say(error.message);
      resolve(127);
    });
    child.once("close", (code) => {
      around.signal.removeEventListener("abort", kill);
      if (around.signal.aborted) reject(around.signal.reason);
      else resolve(code ?? 137);
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group ended by itself between the check and the signal.
  }
}
