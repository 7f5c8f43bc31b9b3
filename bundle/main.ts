import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { functionNames } from "../shared/install/google-parts.ts";
import { writeBundles, writeService } from "./write-bundles.ts";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");
const kilobytes = (bytes: number): string => `${Math.round(bytes / 1_000).toLocaleString("en")} kB`;
const tell = (line: string): void => void process.stderr.write(`${line}\n`);

for (const name of functionNames) {
  const [made] = await writeBundles({ root, out: join(root, "dist/functions"), names: [name] });
  if (made) tell(`${made.folder}: ${kilobytes(made.bytes)}, as an archive ${kilobytes(made.zipBytes)}`);
}
// Not dist/service: the compiled modules of the CLI lie there.
const { folder, bytes } = await writeService({ root, folder: join(root, "dist/container") });
tell(`${folder}: ${kilobytes(bytes)}`);
