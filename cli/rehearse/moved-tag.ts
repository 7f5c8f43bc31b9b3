import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { git } from "../../emulator/git/git-command.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import { repository, type Stage } from "./stage.ts";

/**
 * Somebody changes `gantry.yaml`, moves the tag there with force, and deploys it again. Answers with the new release.
 */
export async function deployMovedTag(
  stage: Stage,
  { tag, edit }: Readonly<{ tag: string; edit: (config: string) => string }>,
): Promise<ReleaseId> {
  const { cloneDirectory } = stage.demo;
  const file = join(cloneDirectory, "gantry.yaml");
  await git(cloneDirectory, "checkout", "--quiet", "--detach", tag);
  const before = await readFile(file, "utf8");
  const after = edit(before);
  if (after === before) throw new Error("gantry.yaml is as it was");
  await writeFile(file, after);
  await git(cloneDirectory, "commit", "--quiet", "--all", "--message", "Change the plan");
  await git(cloneDirectory, "tag", "--force", tag);
  await git(cloneDirectory, "push", "--quiet", "--force", "gantry", `refs/tags/${tag}`);
  const known = new Set(stage.trail.events);
  await stage.command("/releases", { repository, tag });
  const requested = await stage.trail.until(
    (event) => event.type === "release-requested" && event.release.tag === tag && !known.has(event),
  );
  return requested.releaseId;
}
