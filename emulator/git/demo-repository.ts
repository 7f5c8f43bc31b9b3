import { access, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { ensureRepository } from "./bare-repository.ts";
import { readRefs } from "./commit-reading.ts";
import { type DemoVersion, demoVersions, type FileSet, type GoesBad } from "./demo-versions.ts";
import { git, gitWithInput } from "./git-command.ts";

export type DemoOptions = Readonly<{
  /** Root of the bare repositories, as `startGit` takes it. */
  gitRoot: string;
  /** Where the working clone goes, in which a person pushes tags. */
  cloneDirectory: string;
  /** The URL of the clone's remote `gantry`; without it the path of the bare repository. */
  remoteUrl?: string;
  /** `owner/name`. */
  repository?: string;
  /** Sections of `gantry.yaml` that replace those of the demo; a section that is null is left out. */
  config?: Readonly<Record<string, object | null>>;
  goesBad?: GoesBad;
}>;

export type DemoTag = Readonly<Pick<DemoVersion, "tag" | "fate" | "story"> & { commit: string }>;

export type DemoRepository = Readonly<{
  repository: string;
  bareDirectory: string;
  cloneDirectory: string;
  /** Every tag of the clone, oldest first; only `liveTag` is in the bare repository at first. */
  tags: readonly DemoTag[];
  liveTag: string;
}>;

/** What the demo's repository is called unless told otherwise. */
export const demoRepositoryName = "perkie/background-removal";

const liveTag = "v1.0.0";
const author = "Robin Rivera <robin@perkie.example>";
const firstCommit = Date.UTC(2026, 0, 5, 9) / 1000;

/**
 * Makes the demo's bare repository and a working clone with tags that are not pushed yet; the same input gives the same
 * commits. A clone that is there already is left as it is.
 */
export async function createDemoRepository(options: DemoOptions): Promise<DemoRepository> {
  const { gitRoot, cloneDirectory, repository = demoRepositoryName } = options;
  const versions = demoVersions(options.goesBad ?? { afterSeconds: 5, afterRequests: 10 });
  const bareDirectory = await ensureRepository(gitRoot, repository);
  if (!(await exists(join(cloneDirectory, ".git")))) {
    const files = { ...(await exampleFiles()), "gantry.yaml": demoConfig(repository, options.config ?? {}) };
    await makeClone(cloneDirectory, options.remoteUrl ?? bareDirectory);
    await gitWithInput(cloneDirectory, history(files, versions), "fast-import", "--quiet", "--force");
    await git(cloneDirectory, "reset", "--quiet", "--hard", "main");
  }
  if ((await readRefs(bareDirectory, `refs/tags/${liveTag}`)).length === 0)
    await git(
      bareDirectory,
      "fetch",
      "--quiet",
      "--no-tags",
      resolve(cloneDirectory),
      ...[`refs/tags/${liveTag}:refs/tags/${liveTag}`, `refs/tags/${liveTag}:refs/heads/main`],
    );
  const commits = new Map(
    (await readRefs(cloneDirectory, "refs/tags/")).map(({ name, commit }) => [name, commit]),
  );
  const tags = versions.map(({ tag, fate, story }) => ({
    tag,
    fate,
    story,
    commit: commits.get(`refs/tags/${tag}`) ?? "",
  }));
  return { repository, bareDirectory, cloneDirectory, tags, liveTag };
}

async function makeClone(directory: string, remoteUrl: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await git(directory, "init", "--quiet", "--initial-branch=main", "--template=", ".");
  const url = JSON.stringify(remoteUrl.includes("://") ? remoteUrl : resolve(remoteUrl));
  const settings = `[core]
	repositoryformatversion = 0
	bare = false
[gc]
	auto = 0
[user]
	name = Robin Rivera
	email = robin@perkie.example
[remote "gantry"]
	url = ${url}
	fetch = +refs/heads/*:refs/remotes/gantry/*
[push]
	default = current
`;
  await writeFile(join(directory, ".git", "config"), settings);
}

/** Every version as one commit on `main` with its tag, and at the end the good service again without a tag. */
function history(files: FileSet, versions: readonly DemoVersion[]): string {
  const commits = versions.map((version, index) => {
    const message = `${version.subject}\n`;
    return `${commit(index, message, version.change(files))}${tag(version.tag, index)}`;
  });
  const last = commit(versions.length, "Go back to the service as it was\n", files);
  return `${commits.join("")}${last}reset refs/remotes/gantry/main\nfrom :1\n\ndone\n`;
}

function commit(index: number, message: string, files: FileSet): string {
  const when = `${author} ${firstCommit + index * 3600} +0000`;
  const head = `commit refs/heads/main\nmark :${index + 1}\nauthor ${when}\ncommitter ${when}\n${data(message)}`;
  const from = index === 0 ? "" : `from :${index}\n`;
  const content = Object.entries(files).map(([path, text]) => `M 100644 inline ${path}\n${data(text)}`);
  return `${head}${from}deleteall\n${content.join("")}\n`;
}

/** Every fourth tag is annotated: a release must not care. */
function tag(name: string, index: number): string {
  if (index % 4 !== 0 || name === liveTag) return `reset refs/tags/${name}\nfrom :${index + 1}\n\n`;
  return `tag ${name}\nfrom :${index + 1}\ntagger ${author} ${firstCommit + index * 3600} +0000\n${data(`${name}\n`)}`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

/** The example of this package: found from the sources as well as from what was compiled of them. */
async function exampleFiles(): Promise<FileSet> {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!(await exists(join(folder, "examples", "background-removal")))) {
    if (dirname(folder) === folder)
      throw new Error("examples/background-removal is missing from this installation");
    folder = dirname(folder);
  }
  return readFiles(join(folder, "examples", "background-removal"), "");
}

async function readFiles(root: string, below: string): Promise<FileSet> {
  const entries = await readdir(join(root, below), { withFileTypes: true });
  const parts = await Promise.all(
    entries.map(async (entry): Promise<FileSet> => {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      return entry.isDirectory()
        ? readFiles(root, path)
        : { [path]: await readFile(join(root, path), "utf8") };
    }),
  );
  return Object.fromEntries(
    parts.flatMap((part) => Object.entries(part)).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The example's config made quick: no approval, holds of seconds, and one instance of each revision, for there are three GPUs. */
function demoConfig(repository: string, changes: Readonly<Record<string, object | null>>): string {
  const sections: Record<string, unknown> = {
    version: 1,
    service: { project: "perkieprints-processing", region: "us-central1", name: "inspirenet-bg-removal-api" },
    source: { repository, tags: "v*.*.*", directory: "backend/inspirenet-api" },
    build: { config: "cloudbuild-nocache.yaml", timeout: "2m" },
    guardrails: {
      gpu: { type: "nvidia-l4", count: 1 },
      cpu: 8,
      memory: "32Gi",
      concurrency: 1,
      instances: { min: 0, max: 1 },
      timeout: "600s",
    },
    runtime: {
      env: {
        INSPIRENET_MODE: "base",
        TARGET_SIZE: "1024",
        CUSTOMER_STORAGE_BUCKET: "perkieprints-customer-images",
      },
    },
    verify: {
      within: "30s",
      coldStart: { within: "20s", expect: "50ms..10s" },
      memory: { below: "80%" },
      gpu: "allocated",
      checks: [
        { name: "health", get: "/health", status: 200, within: "3s" },
        { name: "model", get: "/model-info", status: 200, within: "3s" },
        { name: "storage", post: "/api/storage/upload", status: 422, within: "3s" },
      ],
    },
    approval: { required: false },
    notify: { slack: "#deploys" },
    rollout: {
      steps: [{ traffic: "20%", hold: "3s" }, { traffic: "50%", hold: "3s" }, { traffic: "100%" }],
      watch: { every: "1s", errors: { max: "1%" } },
      bake: "4s",
      onFailure: "rollback",
    },
    ...changes,
  };
  const kept = Object.entries(sections).filter(([, section]) => section !== null);
  return stringify(Object.fromEntries(kept));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
