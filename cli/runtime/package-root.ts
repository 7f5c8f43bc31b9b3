import { existsSync } from "node:fs";

/** Compiled files lie one folder deeper than their sources. */
const root = [new URL("../../", import.meta.url), new URL("../../../", import.meta.url)].find((folder) =>
  existsSync(new URL("package.json", folder)),
);

/** A file that ships with Gantry, by its path from the package's root. */
export function packageFile(path: string): URL {
  if (root === undefined) throw new Error("Gantry's package.json is not where it was installed.");
  return new URL(path, root);
}
