import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Compiles the package into `dist`, as `npm ci` does; rejects when there is nothing to run afterwards. */
export async function buildPackage(note: (line: string) => void): Promise<void> {
  const child = spawn("npm", ["run", "build", "--silent"], { cwd: root, stdio: ["ignore", "ignore", 2] });
  const [code] = await once(child, "exit");
  if (code !== 0) note(`npm run build ended with ${code}; going on with what it wrote`);
  await access(join(root, "dist", "cli", "main.js"));
}
