import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";

/** The bundle of the HTTP service as its container starts it: its own folder, and an environment of nothing but this. */
export type ServiceBundle = Readonly<{
  /** Null = it ended before it was ready. */
  url: string | null;
  /** What it said, each line read as JSON. */
  facts: readonly Readonly<Record<string, unknown>>[];
  /** Resolves with the exit code once it ended; null = by a signal that it did not take. */
  ended: Promise<number | null>;
  kill: (signal: "SIGTERM" | "SIGKILL") => void;
}>;

export async function startServiceBundle(
  params: Readonly<{ folder: string; env: Readonly<Record<string, string>> }>,
): Promise<ServiceBundle> {
  const { folder, env } = params;
  const child = spawn(process.execPath, ["start.mjs"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"], NODE_ENV: "production", ...env },
  });
  const facts: Readonly<Record<string, unknown>>[] = [];
  const ended = once(child, "exit").then(([code]): number | null => code);
  const url = await new Promise<string | null>((resolve) => {
    createInterface({ input: child.stdout })
      .on("line", (line) => {
        const fact = JSON.parse(line);
        facts.push(fact);
        if (fact.message === "Gantry is ready") resolve(fact.url.replace("0.0.0.0", "127.0.0.1"));
      })
      .on("close", () => resolve(null));
  });
  return { url, facts, ended, kill: (signal) => void child.kill(signal) };
}
