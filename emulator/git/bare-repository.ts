import { access, chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { git } from "./git-command.ts";
import { hookProgram, hookScript } from "./post-receive-hook.ts";

const settings = `[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
[http]
	receivepack = true
[uploadpack]
	allowAnySHA1InWant = true
[gc]
	auto = 0
[receive]
	autogc = false
`;

/** Folder of the repository `owner/name` below the root; null for a name that no repository may have. */
export function repositoryDirectory(root: string, fullName: string): string | null {
  const match = /^([A-Za-z0-9][\w.-]*)\/([A-Za-z0-9_][\w.-]*)$/.exec(fullName);
  return match === null ? null : join(root, match[1] ?? "", `${match[2]?.replace(/\.git$/, "")}.git`);
}

/** True when the repository is there. */
export async function repositoryExists(directory: string): Promise<boolean> {
  return access(join(directory, "HEAD")).then(
    () => true,
    () => false,
  );
}

/**
 * Makes the bare repository `owner/name` where it is missing, and puts its post-receive hook in place.
 * Answers its folder. @throws Error for a name that is not `owner/name`.
 */
export async function ensureRepository(root: string, fullName: string): Promise<string> {
  const directory = repositoryDirectory(root, fullName);
  if (directory === null) throw new Error(`"${fullName}" is not the name of a repository: owner/name`);
  if (!(await repositoryExists(directory))) {
    await mkdir(directory, { recursive: true });
    await git(directory, "init", "--quiet", "--bare", "--initial-branch=main", "--template=", ".");
    await writeFile(join(directory, "config"), settings);
  }
  await placeHooks(directory);
  return directory;
}

/** Puts the hooks of all repositories in place again: the Node that they name may have moved. */
export async function refreshHooks(root: string): Promise<void> {
  for (const { owner, name } of await allRepositories(root))
    await placeHooks(join(root, owner, `${name}.git`));
}

/** `owner/name` of the repository that is called `owner-name` in a connection, as Google's console calls it; null = none is. */
export async function repositoryConnectedAs(root: string, id: string): Promise<string | null> {
  const found = (await allRepositories(root)).find(({ owner, name }) => `${owner}-${name}` === id);
  return found === undefined ? null : `${found.owner}/${found.name}`;
}

async function allRepositories(root: string): Promise<readonly Readonly<{ owner: string; name: string }>[]> {
  const owners = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const found = await Promise.all(
    owners.map(async ({ name: owner }) => {
      const names = await readdir(join(root, owner));
      const there = await Promise.all(names.map((name) => repositoryExists(join(root, owner, name))));
      return names
        .filter((_name, index) => there[index])
        .map((name) => ({ owner, name: name.replace(/\.git$/, "") }));
    }),
  );
  return found.flat();
}

async function placeHooks(directory: string): Promise<void> {
  const hooks = join(directory, "hooks");
  await mkdir(hooks, { recursive: true });
  await writeFile(join(hooks, "post-receive.mjs"), hookProgram);
  await writeFile(join(hooks, "post-receive"), hookScript(process.execPath));
  await chmod(join(hooks, "post-receive"), 0o755);
}
