import { readFileSync } from "node:fs";
import { packageFile } from "./package-root.ts";

/** The version of Gantry that runs. */
export function packageVersion(): string {
  const text = readFileSync(packageFile("package.json"), "utf8");
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? "unknown";
}
