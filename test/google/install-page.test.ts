import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const digest = `sha256:${"0".repeat(64)}`;
const image = "us-central1-docker.pkg.dev/acme-ops/gantry-functions/service";

/** Programs of others, which write down how they were called and answer as the page expects. */
const standIns: Readonly<Record<string, string>> = {
  gcloud: `case "$*" in *data-file=-*) cat > /dev/null;; *projectNumber*) echo 123456789012;; *"builds submit"*) echo ${digest};; esac`,
  terraform: `env | grep ^TF_VAR_ | sort >> "$LOG"
case "$*" in *image_name) echo ${image};; *image_source) echo gs://acme-ops-gantry-functions/service;; *webhook_url) echo https://gantry.example/hooks/github;; esac`,
  gh: "",
  curl: "",
  // `npm ci` made this clone; what `npm run bundle` makes is tried beside this file.
  npm: `case "$*" in ci|"run bundle") ;; *) exec "$NPM" "$@";; esac`,
};

describe("docs/how-to/google-cloud.md", () => {
  let home: string;
  let said: string;
  let calls: readonly string[];

  before(async function () {
    this.timeout(180_000);
    home = await mkdtemp(join(tmpdir(), "gantry-newcomer-"));
    if (!existsSync(join(root, "dist/cli/main.js"))) await run("npm", ["run", "build"], { cwd: root });
    const checkout = join(home, "src/api");
    await mkdir(checkout, { recursive: true });
    await writeFile(join(checkout, "Dockerfile"), "FROM node:24-slim\n");
    await run("git", ["-C", checkout, "init", "--quiet", "--initial-branch=main"]);
    const { stdout: npm } = await run("bash", ["-c", "command -v npm"]);
    const bin = join(home, "stand-ins");
    await mkdir(bin);
    for (const [name, script] of Object.entries(standIns)) {
      await writeFile(join(bin, name), `#!/bin/bash\necho "${name} $*" >> "$LOG"\n${script}\n`);
      await chmod(join(bin, name), 0o755);
    }
    const { PATH, TMPDIR } = process.env;
    const env = { PATH: `${bin}:${PATH}`, HOME: home, LOG: join(home, "calls"), NPM: npm.trim(), TMPDIR };
    const { stdout } = await run("bash", ["-c", await scriptOf("9")], { cwd: root, env });
    said = stdout;
    calls = (await readFile(join(home, "calls"), "utf8")).trim().split("\n");
  });
  after(() => rm(home, { recursive: true, force: true }));

  /** All commands of the steps before this one, in one shell that ends at the first that fails or names what nobody set. */
  async function scriptOf(end: string): Promise<string> {
    const page = await readFile(join(root, "docs/how-to/google-cloud.md"), "utf8");
    const [steps = ""] = page.split(`\n## ${end}.`);
    const blocks = [...steps.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block);
    expect(blocks).to.have.length.above(8);
    return ["set -euo pipefail", "exec 2>&1", ...blocks].join("\n");
  }

  it("puts gantry on the PATH, first of all", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    expect(said.split("\n")).to.include(version);
  });

  it("writes files that Gantry reads without a problem, and leaves no webhook secret behind", async () => {
    expect(said).to.match(/gantry\.yaml, gantry\.policy\.yaml: no problem/);
    const files = await readdir(join(home, "gantry-acme-ops"));
    expect(files).to.have.members(["gantry.policy.yaml", "gantry.server.yaml", "gantry-token"]);
  });

  it("makes what needs no secrets first, and then hands Terraform the digest that Cloud Build told", () => {
    const [first, last] = calls.flatMap((call, at) => (/^terraform .* apply$/.test(call) ? [at] : []));
    const given = (at: number | undefined) => calls.slice(Number(at) + 1, Number(at) + 6);
    expect(given(first)).to.include.members(["TF_VAR_project=acme-ops", "TF_VAR_service=api"]);
    expect(given(first).join()).to.not.include("TF_VAR_secrets_filled");
    expect(given(last)).to.include.members([
      "TF_VAR_secrets_filled=true",
      `TF_VAR_service_image=${image}@${digest}`,
    ]);
  });

  it("builds the image from the folder of the bundle, by the file that lies there", () => {
    const [submit = ""] = calls.filter((call) => call.startsWith("gcloud builds submit"));
    const folder = `${root}/dist/container`;
    expect(submit).to.include(
      `submit ${folder} --config ${folder}/cloudbuild.yaml --substitutions _IMAGE=${image} `,
    );
    expect(submit).to.include("--gcs-source-staging-dir gs://acme-ops-gantry-functions/service ");
  });

  it("names as variables only what the example of the module has", async () => {
    const example = await readFile(join(root, "infra/examples/one-service/main.tf"), "utf8");
    const page = await readFile(join(root, "docs/how-to/google-cloud.md"), "utf8");
    const known = (name: string) => expect(example, name).to.include(`"${name}"`);
    for (const [, name = ""] of page.matchAll(/TF_VAR_(\w+)/g)) known(name);
    for (const [, name = ""] of page.matchAll(/tf output (?:-raw )?(\w+)/g)) known(name);
  });
});
