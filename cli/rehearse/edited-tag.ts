import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { git } from "../../emulator/git/git-command.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import type { Stage } from "./stage.ts";

const folder = "backend/inspirenet-api";

/** Somebody changes one file of a good version of the service and pushes it under a new tag. Answers with the release. */
export async function pushEditedTag(
  stage: Stage,
  change: Readonly<{ tag: string; of: string; file: string; from: string; to: string }>,
): Promise<readonly ReleaseId[]> {
  const { cloneDirectory } = stage.demo;
  const path = join(cloneDirectory, folder, change.file);
  await git(cloneDirectory, "checkout", "--quiet", "--detach", change.of);
  const before = await readFile(path, "utf8");
  if (!before.includes(change.from))
    throw new Error(`the example's ${change.file} no longer holds: ${change.from}`);
  await writeFile(
    path,
    before.replace(change.from, () => change.to),
  );
  await git(cloneDirectory, "commit", "--quiet", "--all", "--message", `Change ${change.file}`);
  await git(cloneDirectory, "tag", change.tag);
  return stage.push(change.tag);
}
