import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { type CopySource, copyFiles, copySource, DockerFailure, planCopy } from "./docker-copy.ts";
import { expandVariables, type Instruction, keyValues } from "./dockerfile.ts";

/** One build stage while its instructions run: a root folder and the configuration so far. */
export type Stage = {
  readonly name: string | null;
  readonly root: string;
  workingDirectory: string;
  env: Record<string, string>;
  args: Record<string, string>;
  labels: Record<string, string>;
  entrypoint: readonly string[];
  command: readonly string[];
  shell: readonly string[];
  layer: string;
};

/** What an instruction may reach besides its stage. */
export type StageContext = Readonly<{
  context: CopySource;
  buildArgs: Readonly<Record<string, string>>;
  goneDebianPackages: readonly string[];
  say: (line: string) => void;
  sourceOf: (from: string) => Promise<CopySource | null>;
}>;

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Runs one instruction after FROM; answers what its layer depends on beyond the words of the instruction. */
export async function runInstruction(stage: Stage, step: Instruction, within: StageContext): Promise<string> {
  const values = { PATH: defaultPath, ...stage.args, ...stage.env };
  const expand = (text: string) => expandVariables(text, values);
  switch (step.name) {
    case "COPY":
    case "ADD":
      return copyInstruction(stage, step, within, expand);
    case "RUN":
      return runSkipped(stage, step, within);
    case "WORKDIR":
      stage.workingDirectory = posix.resolve(stage.workingDirectory, expand(step.text));
      await mkdir(join(stage.root, stage.workingDirectory), { recursive: true });
      return "";
    case "ENV":
      for (const [key, value] of keyValues(step.text)) stage.env[key] = expand(value ?? "");
      return "";
    case "LABEL":
      for (const [key, value] of keyValues(step.text)) stage.labels[expand(key)] = expand(value ?? "");
      return "";
    case "ARG":
      return declareArguments(stage, step, within, expand);
    default:
      return configure(stage, step);
  }
}

function configure(stage: Stage, step: Instruction): string {
  if (step.name === "CMD") stage.command = commandOf(stage, step);
  if (step.name === "SHELL") stage.shell = step.json ?? stage.shell;
  if (step.name === "ENTRYPOINT") {
    stage.entrypoint = commandOf(stage, step);
    stage.command = [];
  }
  return "";
}

function commandOf(stage: Stage, step: Instruction): readonly string[] {
  return step.json ?? [...stage.shell, step.text];
}

function declareArguments(
  stage: Stage,
  step: Instruction,
  within: StageContext,
  expand: (text: string) => string,
): string {
  for (const [key, fallback] of keyValues(step.text)) {
    const value = within.buildArgs[key] ?? (fallback === null ? stage.args[key] : expand(fallback));
    if (value !== undefined) stage.args[key] = value;
  }
  return JSON.stringify(stage.args);
}

async function copyInstruction(
  stage: Stage,
  step: Instruction,
  within: StageContext,
  expand: (text: string) => string,
): Promise<string> {
  const words = step.words.map(expand);
  const from = step.flags["from"];
  const source = from === undefined ? within.context : await within.sourceOf(from);
  if (source === null) {
    within.say(` ---> Not copied: the local cloud does not carry the image ${from}`);
    return "";
  }
  const url = words.find((word) => /^(https?|git):\/\//.test(word));
  if (url !== undefined) throw new DockerFailure(`ADD failed: the local cloud downloads nothing: ${url}`);
  const destination = words.at(-1) ?? ".";
  const absolute = posix.isAbsolute(destination) ? destination : `${stage.workingDirectory}/${destination}`;
  const plan = await planCopy(source, words.slice(0, -1), absolute, stage.root);
  await copyFiles(source, plan, stage.root);
  const hash = createHash("sha256");
  for (const { from: file, to } of plan)
    hash.update(to).update(await readFile(join(source.root, file)).catch(() => "link"));
  return hash.digest("hex");
}

function runSkipped(stage: Stage, step: Instruction, within: StageContext): string {
  const gone = within.goneDebianPackages.find((name) => installedBy(step.text).includes(name));
  if (gone !== undefined) {
    within.say(` ---> Running in ${createHash("sha256").update(step.source).digest("hex").slice(0, 12)}`);
    within.say("Hit:1 http://deb.debian.org/debian trixie InRelease");
    within.say("Reading package lists...\nBuilding dependency tree...\nReading state information...");
    within.say(`Package ${gone} is not available, but is referred to by another package.`);
    within.say(
      "This may mean that the package is missing, has been obsoleted, or\nis only available from another source\n",
    );
    within.say(`E: Package '${gone}' has no installation candidate`);
    const shown = (step.json ?? [...stage.shell, step.text]).join(" ");
    throw new DockerFailure(`The command '${shown}' returned a non-zero code: 100`, 100);
  }
  within.say(` ---> Skipped by the local cloud, which runs no container: ${step.text}`);
  return "";
}

/** The words that stand behind `apt-get install` in a shell command. */
function installedBy(command: string): readonly string[] {
  return command.split(/[;&|]+/).flatMap((part) => {
    const [, packages] = /\bapt(?:-get)?\s(?:.*\s)?install\s+(.*)/s.exec(part) ?? [];
    return packages === undefined ? [] : packages.split(/[\s=]+/);
  });
}

/** A source over the whole root of a stage or image. */
export function rootSource(root: string): Promise<CopySource> {
  return copySource(root, () => false);
}
