import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { AppError } from "../../ports/app-error.ts";
import { Database } from "./database.ts";
import { isBusy, storeUnavailable } from "./store-error.ts";

// Two that start at once get in each other's way for a moment: whoever then waits finds one of them the owner.
const raceMs = 100;

/** The right of this process alone to use a file, for as long as it lives. */
export type Ownership = Readonly<{ release: () => void }>;

/**
 * Takes a file for this process. What holds is an exclusive lock of the operating system on `FILE.lock`, so it ends
 * with the process, however that ends; `FILE.owner` only tells a person who it is. Throws `store-locked`.
 */
export function takeOwnership(params: Readonly<{ file: string; pid: number; now: number }>): Ownership {
  const { file, pid, now } = params;
  const ownerFile = `${file}.owner`;
  const lock = new Database({ file: `${file}.lock`, busyTimeoutMs: raceMs });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    throw error instanceof AppError && isBusy(error.cause)
      ? lockedBy({ file, ownerFile, cause: error })
      : error;
  }
  try {
    writeFileSync(ownerFile, JSON.stringify({ pid, since: new Date(now).toISOString() }), { mode: 0o600 });
  } catch (error) {
    lock.close();
    throw storeUnavailable({ file: ownerFile, error });
  }
  let held = true;
  return {
    release: () => {
      if (!held) return; // the owner file may be the next owner's by now
      held = false;
      rmSync(ownerFile, { force: true });
      lock.exec("ROLLBACK");
      lock.close();
    },
  };
}

function lockedBy(params: Readonly<{ file: string; ownerFile: string; cause: unknown }>): AppError {
  const owner = readOwner(params.ownerFile);
  const who = owner === null ? "another process" : `process ${owner.pid} since ${owner.since}`;
  const how = owner === null ? "stop that one" : `stop it with \`kill ${owner.pid}\``;
  return new AppError({
    code: "store-locked",
    message: `${params.file} is in use by ${who}; ${how}, or give this one a file of its own.`,
    transient: false,
    context: { file: params.file, pid: owner?.pid ?? null, since: owner?.since ?? null },
    cause: params.cause,
  });
}

/** Null when the file is not there or half written: the holder may just be starting. */
function readOwner(ownerFile: string): Readonly<{ pid: number; since: string }> | null {
  try {
    const owner: unknown = JSON.parse(readFileSync(ownerFile, "utf8"));
    if (typeof owner !== "object" || owner === null || !("pid" in owner && "since" in owner)) return null;
    return typeof owner.pid === "number" && typeof owner.since === "string"
      ? { pid: owner.pid, since: owner.since }
      : null;
  } catch {
    return null;
  }
}
