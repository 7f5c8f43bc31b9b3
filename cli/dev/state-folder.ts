import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Ownership, takeOwnership } from "../../shared/adapters/sqlite/ownership.ts";

/** The name of the files that tell whose the folder is: `dev.lock`, `dev.owner`. */
const lockName = "dev";

/**
 * Takes a folder for this `gantry dev` alone, and empties it when it shall start anew: never under one that runs.
 * Throws `store-locked` when a living one has it, `store-unavailable` or an error of the file system when it cannot be
 * written.
 */
export async function takeStateFolder(
  params: Readonly<{ directory: string; fresh: boolean; now: number }>,
): Promise<Ownership> {
  const { directory, fresh, now } = params;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const ownership = takeOwnership({ file: join(directory, lockName), pid: process.pid, now });
  try {
    if (fresh) await empty(directory);
    return ownership;
  } catch (error) {
    ownership.release();
    throw error;
  }
}

async function empty(directory: string): Promise<void> {
  const isLock = (name: string): boolean => name.startsWith(`${lockName}.`) && name !== `${lockName}.json`;
  for (const name of await readdir(directory))
    if (!isLock(name)) await rm(join(directory, name), { recursive: true, force: true });
}
