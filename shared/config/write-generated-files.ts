import { mkdirSync, writeFileSync } from "node:fs";
import { generatedFiles } from "./generated-files.ts";

// Run with `node --import tsx shared/config/write-generated-files.ts` after a change of a schema or an example.
for (const { path, text } of generatedFiles()) {
  const target = new URL(`../../${path}`, import.meta.url);
  mkdirSync(new URL(".", target), { recursive: true });
  writeFileSync(target, text);
}
