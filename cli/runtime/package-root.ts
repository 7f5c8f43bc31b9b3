import { existsSync } from "node:fs";

/** Compiled files lie one folder deeper than their sources, and those of a bundle beside its own package.json. */
const root = ["./", "../", "../../", "../../../"]
  .map((folder) => new URL(folder, import.meta.url))
  .find((folder) => existsSync(new URL("package.json", folder)));

/** A file that ships with Gantry, by its path from the package's root. */
export function packageFile(path: string): URL {
  if (root === undefined) throw new Error("Gantry's package.json is not where it was installed.");
  return new URL(path, root);
}
