import { execFileSync } from "node:child_process";
import { readFileSync, statfsSync } from "node:fs";
import { cpus, loadavg, platform, release, tmpdir, totalmem } from "node:os";
import { mebibytes } from "./figures.ts";

/** Where and when the figures were made; without it they mean little. */
export type Machine = Readonly<{
  date: string;
  commit: string;
  cpu: string;
  cores: number;
  memoryMiB: number;
  node: string;
  kernel: string;
  fileSystem: string;
  /** One-minute load before the first benchmark: what else this machine was doing. */
  loadBefore: number;
}>;

export function machine(): Machine {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryMiB: Math.round(mebibytes(totalmem())),
    node: process.version,
    kernel: `${platform()} ${release()}`,
    fileSystem: fileSystemOf(tmpdir()),
    loadBefore: loadavg()[0] ?? 0,
  };
}

function commit(): string {
  const git = (...args: readonly string[]): string =>
    execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const isClean = git("status", "--porcelain", "--untracked-files=no") === "";
    return `${git("rev-parse", "--short=12", "HEAD")}${isClean ? "" : " with changes"}`;
  } catch {
    return "not a git repository";
  }
}

/** The type of the file system with the longest mount point above the folder; its magic number where that is not told. */
function fileSystemOf(folder: string): string {
  try {
    const mounts = readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([, at = ""]) => at !== "" && `${folder}/`.startsWith(at === "/" ? at : `${at}/`));
    const [nearest] = mounts.toSorted(([, a = ""], [, b = ""]) => b.length - a.length);
    return nearest?.[2] ?? "unknown";
  } catch {
    return `0x${statfsSync(folder).type.toString(16)}`;
  }
}
