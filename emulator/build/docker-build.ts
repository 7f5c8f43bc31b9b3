import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { copyTree } from "../images/image-store.ts";
import type { ProcessImage } from "../images/process-image.ts";
import type { DockerBuild } from "./docker-command.ts";
import { copySource, DockerFailure } from "./docker-copy.ts";
import { dockerIgnore } from "./docker-ignore.ts";
import { rootSource, runInstruction, type Stage, type StageContext } from "./docker-stage.ts";
import {
  DockerfileError,
  expandVariables,
  type Instruction,
  keyValues,
  parseDockerfile,
} from "./dockerfile.ts";

/** What a docker build needs from its surroundings. */
export type DockerBuildSurroundings = Readonly<{
  workspace: string;
  workingDirectory: string;
  scratchDirectory: string;
  layers: Set<string>;
  goneDebianPackages: readonly string[];
  takesBaseImages: () => boolean;
  findImage: (reference: string) => Promise<ProcessImage | null>;
  say: (line: string) => void;
  signal: AbortSignal;
}>;

/**
 * Plays a Dockerfile as docker's classic builder does and answers the last stage. RUN is skipped and says so.
 * @throws DockerFailure with docker's words and exit code.
 */
export async function playDockerfile(build: DockerBuild, around: DockerBuildSurroundings): Promise<Stage> {
  const contextDirectory = resolve(around.workingDirectory, build.context);
  const file = resolve(around.workingDirectory, build.file ?? join(build.context, "Dockerfile"));
  const strange = [contextDirectory, file].find((path) => relative(around.workspace, path).startsWith(".."));
  if (strange !== undefined)
    throw new DockerFailure(
      "unable to prepare context: the path lies outside of the workspace of this build",
    );
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null)
    throw new DockerFailure(
      `unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat /workspace/${relative(around.workspace, file)}: no such file or directory`,
    );
  const instructions = readInstructions(text);
  const ignore = await readFile(join(contextDirectory, ".dockerignore"), "utf8").catch(() => "");
  const context = await copySource(contextDirectory, dockerIgnore(ignore)).catch(() => {
    throw new DockerFailure(`unable to prepare context: path "${build.context}" not found`);
  });
  around.say(`Sending build context to Docker daemon  ${context.files.length} files`);
  return new DockerfilePlay(build, around, context).play(instructions);
}

function readInstructions(text: string): readonly Instruction[] {
  try {
    return parseDockerfile(text);
  } catch (error) {
    if (error instanceof DockerfileError)
      throw new DockerFailure(`Error response from daemon: ${error.message}`);
    throw error;
  }
}

class DockerfilePlay {
  readonly #build: DockerBuild;
  readonly #around: DockerBuildSurroundings;
  readonly #stages: Stage[] = [];
  readonly #globals: Record<string, string> = {};
  readonly #within: StageContext;
  #cached: boolean;

  constructor(build: DockerBuild, around: DockerBuildSurroundings, context: StageContext["context"]) {
    this.#build = build;
    this.#around = around;
    this.#cached = !build.noCache;
    const { buildArgs } = build;
    const { goneDebianPackages, say } = around;
    this.#within = { context, buildArgs, goneDebianPackages, say, sourceOf: (from) => this.#sourceOf(from) };
  }

  async play(instructions: readonly Instruction[]): Promise<Stage> {
    for (const [index, step] of instructions.entries()) {
      this.#around.signal.throwIfAborted();
      this.#around.say(`Step ${index + 1}/${instructions.length} : ${step.source}`);
      if (step.name === "FROM" && this.#reachedTarget()) break;
      await this.#step(step);
    }
    const last = this.#stages.at(-1);
    if (this.#build.target !== null && last?.name !== this.#build.target)
      throw new DockerFailure(`failed to reach build target ${this.#build.target} in Dockerfile`);
    if (last === undefined)
      throw new DockerFailure("Error response from daemon: no build stage in current context");
    this.#around.say(`Successfully built ${last.layer.slice(0, 12)}`);
    return last;
  }

  #reachedTarget(): boolean {
    const last = this.#stages.at(-1);
    return last !== undefined && last.name !== null && last.name === this.#build.target;
  }

  async #step(step: Instruction): Promise<void> {
    const stage = this.#stages.at(-1);
    if (step.name === "FROM") return this.#from(step);
    if (stage === undefined) {
      for (const [key, value] of keyValues(step.text))
        this.#globals[key] = this.#build.buildArgs[key] ?? expandVariables(value ?? "", this.#globals);
      return;
    }
    const before = stage.layer;
    const depends = await this.#quietly(() => runInstruction(stage, step, this.#within));
    this.#finishLayer(stage, `${before}\n${step.source}\n${depends}`);
  }

  async #quietly(run: () => Promise<string>): Promise<string> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof DockerFailure || !(error instanceof Error)) throw error;
      throw new DockerFailure(error.message);
    }
  }

  #finishLayer(stage: Stage, content: string): void {
    stage.layer = createHash("sha256").update(content).digest("hex");
    this.#cached = this.#cached && this.#around.layers.has(stage.layer);
    if (this.#cached) this.#around.say(" ---> Using cache");
    this.#around.layers.add(stage.layer);
    this.#around.say(` ---> ${stage.layer.slice(0, 12)}`);
  }

  async #from(step: Instruction): Promise<void> {
    const reference = expandVariables(step.words[0] ?? "", this.#globals);
    const root = join(this.#around.scratchDirectory, `stage-${this.#stages.length}`);
    await mkdir(root, { recursive: true });
    const earlier = this.#stages.find((stage) => stage.name === reference);
    const base = earlier === undefined ? await this.#baseImage(reference) : null;
    const inherited = earlier?.root ?? base?.rootDirectory;
    if (inherited !== undefined) await copyTree(inherited, root);
    const isNode = /(^|\/)node(:|@|$)/.test(reference);
    this.#cached = !this.#build.noCache;
    const stage: Stage = {
      name: step.words[2]?.toLowerCase() ?? null,
      root,
      workingDirectory: earlier?.workingDirectory ?? base?.workingDirectory ?? "/",
      env: { ...(earlier?.env ?? base?.env ?? {}) },
      args: {},
      labels: { ...earlier?.labels },
      entrypoint: earlier?.entrypoint ?? [],
      command: earlier?.command ?? base?.command ?? (isNode ? ["node"] : []),
      shell: ["/bin/sh", "-c"],
      layer:
        earlier?.layer ??
        createHash("sha256")
          .update(base?.digest ?? reference)
          .digest("hex"),
    };
    for (const [key, value] of Object.entries(this.#globals)) stage.args[key] = value;
    this.#stages.push(stage);
    if (inherited === undefined && reference !== "scratch")
      this.#around.say(
        ` ---> The local cloud does not carry ${reference}: this stage begins with an empty root`,
      );
    this.#around.say(` ---> ${stage.layer.slice(0, 12)}`);
  }

  /** Null = one that is not here, which is taken to be empty. @throws DockerFailure when its registry is away. */
  async #baseImage(reference: string): Promise<ProcessImage | null> {
    const base = await this.#around.findImage(reference);
    if (base === null && !this.#around.takesBaseImages())
      throw new DockerFailure(
        'Get "https://registry-1.docker.io/v2/": received unexpected HTTP status: 503 Service Unavailable',
      );
    return base;
  }

  async #sourceOf(from: string): Promise<StageContext["context"] | null> {
    const stage = this.#stages.find(
      (each, index) => each.name === from.toLowerCase() || String(index) === from,
    );
    if (stage !== undefined) return rootSource(stage.root);
    const image = await this.#around.findImage(from);
    return image === null ? null : rootSource(image.rootDirectory);
  }
}
