import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** `source.repository` of the gantry.yaml in this folder; null when there is none, or it has errors. */
export async function repositoryHere(cwd: string): Promise<string | null> {
  const file = join(cwd, "gantry.yaml");
  if (!existsSync(file)) return null;
  const { parseGantryYaml } = await import("../shared/config/gantry-yaml.ts");
  const parsed = parseGantryYaml({ text: await readFile(file, "utf8"), file });
  return parsed.ok ? parsed.value.source.repository : null;
}
