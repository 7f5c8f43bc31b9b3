import { rm } from "node:fs/promises";
import { join, posix } from "node:path";
import { parseImageReference } from "../images/image-reference.ts";
import type { ImageStore } from "../images/image-store.ts";
import { playDockerfile } from "./docker-build.ts";
import { parseDockerBuild } from "./docker-command.ts";
import { DockerFailure } from "./docker-copy.ts";

/** What a docker command of one build step may reach. */
export type DockerCall = Readonly<{
  words: readonly string[];
  workspace: string;
  workingDirectory: string;
  say: (line: string) => void;
  signal: AbortSignal;
}>;

/** Servers that a docker build asks, which the local cloud only plays. */
type OutsideWorld = Readonly<{
  goneDebianPackages: readonly string[];
  /** Whether Docker Hub serves the base image this time. */
  takesBaseImages: () => boolean;
}>;

/**
 * The docker daemon of one build: the images that its steps built, by name, before anything is pushed.
 * It is gone when the build ends; layers outlive it.
 */
export class DockerDaemon {
  readonly #images: ImageStore;
  readonly #layers: Set<string>;
  readonly #scratchDirectory: string;
  readonly #outside: OutsideWorld;
  readonly #local = new Map<string, string>();
  #builds = 0;

  constructor(images: ImageStore, layers: Set<string>, scratchDirectory: string, outside: OutsideWorld) {
    this.#images = images;
    this.#layers = layers;
    this.#scratchDirectory = scratchDirectory;
    this.#outside = outside;
  }

  /** The digest of a name that this build made, or null. */
  digestOf(name: string): string | null {
    return this.#local.get(fullName(name)) ?? null;
  }

  /** Runs `docker …`. @throws DockerFailure with docker's words and exit code. */
  async run(call: DockerCall): Promise<void> {
    const [verb, ...rest] = call.words[0] === "image" ? call.words.slice(1) : call.words;
    if (verb === "build") return this.#build({ ...call, words: rest });
    if (verb === "push") return this.#push({ ...call, words: rest });
    if (verb === "tag") return this.#tag(rest);
    if (verb === "pull")
      return call.say(`Nothing pulled: the local cloud reaches no registry (${rest.join(" ")})`);
    throw new DockerFailure(
      `The local cloud plays docker build, push, tag and pull, and not "docker ${call.words.join(" ")}".`,
    );
  }

  async #build(call: DockerCall): Promise<void> {
    const build = parseDockerBuild(call.words);
    if ("exitCode" in build) throw new DockerFailure(build.message, build.exitCode);
    this.#builds += 1;
    const scratchDirectory = join(this.#scratchDirectory, `docker-${this.#builds}`);
    try {
      const stage = await playDockerfile(build, {
        workspace: call.workspace,
        workingDirectory: call.workingDirectory,
        scratchDirectory,
        layers: this.#layers,
        ...this.#outside,
        findImage: (reference) => this.#find(reference),
        say: call.say,
        signal: call.signal,
      });
      const digest = await this.#images.put({
        filesDirectory: stage.root,
        workingDirectory: stage.workingDirectory,
        command: [...stage.entrypoint, ...stage.command],
        env: stage.env,
        labels: { ...stage.labels, ...build.labels },
      });
      for (const tag of build.tags) {
        this.#local.set(fullName(tag), digest);
        call.say(`Successfully tagged ${fullName(tag)}`);
      }
    } finally {
      await rm(scratchDirectory, { recursive: true, force: true });
    }
  }

  async #find(reference: string) {
    const local = this.digestOf(reference);
    return local === null ? this.#images.resolve(reference) : this.#images.get(local);
  }

  async #push({ words, say }: DockerCall): Promise<void> {
    const all = words.includes("--all-tags") || words.includes("-a");
    const name = words.find((word) => !word.startsWith("-"));
    if (name === undefined) throw new DockerFailure('"docker push" requires exactly 1 argument.');
    const repository = parseImageReference(name)?.repository ?? name;
    const names = all
      ? [...this.#local.keys()].filter((each) => parseImageReference(each)?.repository === repository)
      : [fullName(name)].filter((each) => this.#local.has(each));
    say(`The push refers to repository [${repository}]`);
    if (names.length === 0)
      throw new DockerFailure(`An image does not exist locally with the tag: ${all ? repository : name}`);
    for (const each of names) await this.push(each, say);
  }

  /** Pushes one name that this build made to the store and answers its digest; null if it made none such. */
  async push(name: string, say: (line: string) => void): Promise<string | null> {
    const digest = this.digestOf(name);
    if (digest === null) return null;
    await this.#images.tag(fullName(name), digest);
    say(`${posix.basename(fullName(name)).split(":")[1] ?? "latest"}: digest: ${digest}`);
    return digest;
  }

  #tag([from = "", to = ""]: readonly string[]): void {
    const digest = this.digestOf(from);
    if (digest === null) throw new DockerFailure(`Error response from daemon: No such image: ${from}`);
    this.#local.set(fullName(to), digest);
  }
}

function fullName(name: string): string {
  const reference = parseImageReference(name);
  return reference?.tag == null ? name : `${reference.repository}:${reference.tag}`;
}
