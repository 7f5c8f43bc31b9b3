import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { functionNames } from "../shared/install/google-parts.ts";
import { writeBundles } from "./write-bundles.ts";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");
const kilobytes = (bytes: number): string => `${Math.round(bytes / 1_000).toLocaleString("en")} kB`;

for (const name of functionNames) {
  const [made] = await writeBundles({ root, out: join(root, "dist/functions"), names: [name] });
  if (made)
    process.stderr.write(
      `${made.folder}: ${kilobytes(made.bytes)}, as an archive ${kilobytes(made.zipBytes)}\n`,
    );
}
