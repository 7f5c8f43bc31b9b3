import { readFileSync } from "node:fs";

/** The resident memory of a process in bytes, from `/proc`; null on systems without it and when the process is gone. */
export function residentMemory(pid: number): number | null {
  try {
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kibibytes === undefined ? null : Number(kibibytes) * 1024;
  } catch {
    return null;
  }
}
