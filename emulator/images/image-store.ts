import { createHash, randomUUID } from "node:crypto";
import { constants, type Stats } from "node:fs";
import {
  copyFile,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { digestOf, imageManifest } from "./image-manifest.ts";
import { parseImageReference } from "./image-reference.ts";
import type { ImageSource, ProcessImage } from "./process-image.ts";

/** What goes into an image: the folder that becomes its root, and how it starts. */
export type ImageContent = Readonly<{
  filesDirectory: string;
  workingDirectory: string;
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Labels make another image of the same files, as in any registry. */
  labels?: Readonly<Record<string, string>>;
}>;

/** Keeps images by the digest of their content, and repositories that name them; both survive a restart. */
export interface ImageStore extends ImageSource {
  /** Copies the files in and answers `sha256:…`. The same content has the same digest, whenever it was built. */
  put(image: ImageContent): Promise<string>;
  /** Reads an image by its digest alone, whether or not a repository names it. */
  get(digest: string): Promise<ProcessImage | null>;
  /** The manifest of an image, whose own digest is the image's; null where an older version of the store put it in. */
  manifest(digest: string): Promise<string | null>;
  /** Pushes a stored image to a repository under a tag; from then on it resolves by tag and by digest there. */
  tag(reference: string, digest: string): Promise<void>;
  /** Deletes a tag, or with a digest the image and its tags, from one repository. False if it was not there. */
  remove(reference: string): Promise<boolean>;
}

type Repository = { tags: Record<string, string>; digests: string[] };
type Config = Required<Omit<ImageContent, "filesDirectory">>;

/**
 * Opens the store in a directory and makes it where it is missing. A crash leaves no half image and no half tag:
 * both are written beside their place and renamed. One process at a time may write.
 */
export async function openImageStore(directory: string): Promise<ImageStore> {
  const images = join(directory, "images");
  await mkdir(images, { recursive: true });
  await mkdir(join(directory, "repositories"), { recursive: true });
  await removeUnfinished(images);
  const repositories = new RepositoryFiles(join(directory, "repositories"));
  const get = (digest: string) => readImage(images, digest);
  return {
    get,
    put: (image) => putImage(images, image),
    manifest: (digest) => readFile(join(folderOf(images, digest), "manifest.json"), "utf8").catch(() => null),
    async tag(reference, digest) {
      const name = parseImageReference(reference);
      if (name?.tag == null) throw new Error(`"${reference}" is not an image name with a tag`);
      if ((await get(digest)) === null) throw new Error(`no image has the digest ${digest}`);
      await repositories.change(name.repository, (repository) => {
        repository.tags[name.tag ?? "latest"] = digest;
        if (!repository.digests.includes(digest)) repository.digests.push(digest);
      });
    },
    async resolve(reference) {
      const digest = await repositories.digestOf(reference);
      return digest === null ? null : get(digest);
    },
    async remove(reference) {
      const digest = await repositories.digestOf(reference);
      const name = parseImageReference(reference);
      if (digest === null || name === null) return false;
      await repositories.change(name.repository, (repository) => forget(repository, name.tag, digest));
      return true;
    },
  };
}

/** What a killed process had not yet renamed into its place. */
async function removeUnfinished(images: string): Promise<void> {
  const unfinished = (await readdir(images)).filter((name) => name.startsWith("."));
  await Promise.all(unfinished.map((name) => rm(join(images, name), { recursive: true, force: true })));
}

function forget(repository: Repository, tag: string | null, digest: string): void {
  const gone = Object.keys(repository.tags).filter((key) =>
    tag === null ? repository.tags[key] === digest : key === tag,
  );
  for (const key of gone) delete repository.tags[key];
  if (tag === null) repository.digests = repository.digests.filter((each) => each !== digest);
}

class RepositoryFiles {
  readonly #directory: string;
  #last: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = directory;
  }

  #path(repository: string): string {
    return join(this.#directory, `${encodeURIComponent(repository)}.json`);
  }

  async #read(repository: string): Promise<Repository> {
    const text = await readFile(this.#path(repository), "utf8").catch(() => null);
    return text === null ? { tags: {}, digests: [] } : (JSON.parse(text) as Repository);
  }

  async digestOf(reference: string): Promise<string | null> {
    const name = parseImageReference(reference);
    if (name === null) return null;
    const repository = await this.#read(name.repository);
    if (name.digest === null) return repository.tags[name.tag ?? "latest"] ?? null;
    return repository.digests.includes(name.digest) ? name.digest : null;
  }

  change(repository: string, edit: (repository: Repository) => void): Promise<void> {
    const next = this.#last.then(async () => {
      const content = await this.#read(repository);
      edit(content);
      const beside = `${this.#path(repository)}.${randomUUID()}`;
      await writeFile(beside, JSON.stringify(content));
      await rename(beside, this.#path(repository));
    });
    this.#last = next.catch(() => undefined);
    return next;
  }
}

/** A digest that is none names a folder that is never there. */
function folderOf(images: string, digest: string): string {
  return join(images, /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1] ?? "none");
}

async function readImage(images: string, digest: string): Promise<ProcessImage | null> {
  const folder = folderOf(images, digest);
  const text = await readFile(join(folder, "image.json"), "utf8").catch(() => null);
  if (text === null) return null;
  const { workingDirectory, command, env } = JSON.parse(text) as Config;
  return { digest, rootDirectory: join(folder, "files"), workingDirectory, command, env };
}

async function putImage(images: string, image: ImageContent): Promise<string> {
  const { workingDirectory, command } = image;
  const labels = sorted(image.labels ?? {});
  const config: Config = { workingDirectory, command, env: sorted(image.env), labels };
  const configText = JSON.stringify(config);
  let lines = "";
  for await (const line of fileLines(image.filesDirectory, "")) lines += line;
  const manifest = imageManifest({ config: blobOf(configText), files: blobOf(lines) });
  const digest = digestOf(manifest);
  if ((await readImage(images, digest)) !== null) return digest;
  const beside = join(images, `.${randomUUID()}`);
  const place = folderOf(images, digest);
  await mkdir(beside);
  await copyTree(image.filesDirectory, join(beside, "files"));
  await writeFile(join(beside, "image.json"), configText);
  await writeFile(join(beside, "manifest.json"), manifest);
  await rename(beside, place).catch(async (error: unknown) => {
    await rm(beside, { recursive: true, force: true });
    if ((await readImage(images, digest)) === null) throw error;
  });
  return digest;
}

function blobOf(text: string): Readonly<{ digest: string; size: number }> {
  return { digest: digestOf(text), size: Buffer.byteLength(text) };
}

function sorted(pairs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(pairs).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Copies a folder with its modes and links; on file systems that can, the copies share their blocks. */
export async function copyTree(from: string, to: string): Promise<void> {
  const stats = await lstat(from);
  if (stats.isFile()) await copyFile(from, to, constants.COPYFILE_FICLONE);
  else
    await cp(from, to, {
      recursive: true,
      verbatimSymlinks: true,
      force: true,
      mode: constants.COPYFILE_FICLONE,
    });
}

/** One line for each file below a folder, in a fixed order: what two folders must share to be the same content. */
async function* fileLines(root: string, below: string): AsyncGenerator<string> {
  const names = (await readdir(join(root, below))).sort();
  for (const name of names) {
    const path = below === "" ? name : `${below}/${name}`;
    const stats = await lstat(join(root, path));
    if (stats.isDirectory()) yield `d ${path}\n`;
    if (stats.isDirectory()) yield* fileLines(root, path);
    else yield await fileLine(join(root, path), path, stats);
  }
}

async function fileLine(place: string, path: string, stats: Stats): Promise<string> {
  if (stats.isSymbolicLink()) return `l ${path} ${await readlink(place)}\n`;
  const content = createHash("sha256")
    .update(await readFile(place))
    .digest("hex");
  return `${(stats.mode & 0o111) === 0 ? "f" : "x"} ${path} ${content}\n`;
}
