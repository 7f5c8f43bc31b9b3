import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

describe("the first lines of docs/how-to/google-cloud.md", () => {
  let home: string;

  before(async function () {
    this.timeout(120_000);
    home = await mkdtemp(join(tmpdir(), "gantry-home-"));
    if (!existsSync(join(root, "dist/cli/main.js"))) await run("npm", ["run", "build"], { cwd: root });
  });
  after(() => rm(home, { recursive: true, force: true }));

  it("put gantry on the PATH, in every folder", async () => {
    const page = await readFile(join(root, "docs/how-to/google-cloud.md"), "utf8");
    const [, block = ""] = /^## 0\..*?^```sh\n(.*?)^```$/ms.exec(page) ?? [];
    const [install, ...lines] = block.trim().split("\n");
    expect(install).to.equal("npm ci"); // which is what this clone was made with, and compiles
    const script = ["set -eu", ...lines, "cd /", "gantry schema"].join("\n");
    const { npm_config_prefix: _prefix, ...env } = process.env;
    const { stdout } = await run("bash", ["-c", script], { cwd: root, env: { ...env, HOME: home } });
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    expect(stdout.split("\n")).to.include(version);
    expect(stdout).to.include('"$schema"');
  });
});
