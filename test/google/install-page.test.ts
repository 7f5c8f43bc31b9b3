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
  terraform: `case "$*" in apply*) cat terraform.tfvars $(ls *.auto.tfvars 2> /dev/null) >> "$LOG";; esac
case "$*" in *image_name) echo ${image};; *image_source) echo gs://acme-ops-gantry-functions/service;; *webhook_url) echo https://gantry.example/hooks/github;; esac`,
  gh: "",
  curl: "",
  // `npm ci` made this clone; what `npm run bundle` makes is tried beside this file.
  npm: `case "$*" in ci|"run bundle") ;; *) exec "$NPM" "$@";; esac`,
  // The clone is this repository, which stays where it is.
  git: `case "$*" in "-C clone "*) ;; *) exec "$GIT" "$@";; esac`,
};

describe("docs/how-to/google-cloud.md", () => {
  let home: string;
  let said: string;
  let calls: readonly string[];
  let bin: string;

  before(async function () {
    this.timeout(180_000);
    home = await mkdtemp(join(tmpdir(), "gantry-newcomer-"));
    if (!existsSync(join(root, "dist/cli/main.js"))) await run("npm", ["run", "build"], { cwd: root });
    const checkout = join(home, "src/api");
    await mkdir(checkout, { recursive: true });
    await writeFile(join(checkout, "Dockerfile"), "FROM node:24-slim\n");
    await run("git", ["-C", checkout, "init", "--quiet", "--initial-branch=main"]);
    bin = join(home, "stand-ins");
    await mkdir(bin);
    for (const [name, script] of Object.entries(standIns)) {
      await writeFile(join(bin, name), `#!/bin/bash\necho "${name} $*" >> "$LOG"\n${script}\n`);
      await chmod(join(bin, name), 0o755);
    }
    const [steps = ""] = (await pageOf("google-cloud.md")).split("\n## 9.");
    const blocks = blocksOf(steps);
    expect(blocks).to.have.length.above(8);
    ({ said, calls } = await inNewShell("install", blocks, root));
  });
  after(() => rm(home, { recursive: true, force: true }));

  const pageOf = (name: string) => readFile(join(root, "docs/how-to", name), "utf8");

  async function sectionOf(title: string): Promise<string> {
    const [section = ""] = (await pageOf("google-cloud.md"))
      .split("\n## ")
      .filter((one) => one.startsWith(title));
    return section;
  }

  /** What stands in the blocks of commands, as the rendered page shows it: those of a list lose the indentation of the list. */
  function blocksOf(page: string): readonly string[] {
    return [...page.matchAll(/^( *)```sh\n(.*?)^ *```$/gms)].map(([, indent = "", block = ""]) =>
      block.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    );
  }

  /** Commands in a shell that knows PATH and HOME, and ends at the first that fails or names what nobody set. */
  async function inNewShell(log: string, commands: readonly string[], cwd: string) {
    const { PATH, TMPDIR } = process.env;
    const programs = ["NPM", "GIT"].map(async (name) => {
      const { stdout } = await run("bash", ["-c", `command -v ${name.toLowerCase()}`]);
      return [name, stdout.trim()] as const;
    });
    const path = join(home, `calls-${log}`);
    const known = { PATH: `${bin}:${PATH}`, HOME: home, LOG: path, TMPDIR };
    const env = { ...known, ...Object.fromEntries(await Promise.all(programs)) };
    const script = ["set -euo pipefail", "exec 2>&1", ...commands].join("\n");
    const { stdout } = await run("bash", ["-c", script], { cwd, env });
    return { said: stdout, calls: (await readFile(path, "utf8")).trim().split("\n") };
  }

  const choices = ['project        = "acme-ops"', 'region         = "us-central1"', 'service        = "api"'];
  const folder = () => join(home, "gantry-acme-ops");

  it("puts gantry on the PATH, first of all", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    expect(said.split("\n")).to.include(version);
  });

  it("writes files that Gantry reads without a problem, and leaves no webhook secret behind", async () => {
    expect(said).to.match(/gantry\.yaml, gantry\.policy\.yaml: no problem/);
    const own = ["gantry.policy.yaml", "gantry.server.yaml", "gantry-token"];
    const ofTerraform = ["main.tf", "terraform.tfvars", "image.auto.tfvars"];
    expect(await readdir(folder())).to.have.members([...own, ...ofTerraform, "clone", "env"]);
  });

  it("makes what needs no secrets first, and then hands Terraform the digest that Cloud Build told", () => {
    const applied = calls.flatMap((call, at) => (call === "terraform apply" ? [calls.slice(at + 1)] : []));
    expect(applied).to.have.length(2);
    expect(applied[0]?.slice(0, 4)).to.deep.equal([...choices, "secrets_filled = false"]);
    expect(applied[1]?.slice(0, 6)).to.deep.equal([
      ...choices,
      "secrets_filled = false",
      "secrets_filled = true",
      `service_image  = "${image}@${digest}"`,
    ]);
  });

  it("makes a copy of the example that has the module beside it", async () => {
    const copy = await readFile(join(folder(), "main.tf"), "utf8");
    const [, source = ""] = /^ {2}source = "(.*)"$/m.exec(copy) ?? [];
    expect(existsSync(join(folder(), source, "functions.tf")), source).to.equal(true);
    const example = await readFile(join(root, "infra/examples/one-service/main.tf"), "utf8");
    expect(copy.replace(`"${source}"`, '"../.."')).to.equal(example);
  });

  it("upgrades in a shell that knows nothing of the first, with every choice as it was", async () => {
    const before = await readFile(join(folder(), "terraform.tfvars"), "utf8");
    await writeFile(join(folder(), "terraform.tfvars"), `${before}database = "gantry"\n`);
    const blocks = blocksOf(await pageOf("upgrade.md"));
    expect(blocks).to.have.length(1);
    const upgrade = await inNewShell("upgrade", blocks, home);
    const at = upgrade.calls.indexOf("terraform apply");
    expect(upgrade.calls.slice(at + 1)).to.include.members([...choices, 'database = "gantry"']);
    expect(upgrade.calls.at(-1)).to.equal(`service_image  = "${image}@${digest}"`);
    expect(upgrade.calls.at(-2)).to.equal("secrets_filled = true");
  });

  it("lets people in through the proxy in a shell that knows nothing of the first", async () => {
    const iap = await inNewShell("iap", blocksOf(await sectionOf("People through")), folder());
    expect(iap.calls).to.include.members([...choices, "console = true", "secrets_filled = true"]);
  });

  it("makes new instances for a changed policy, in a shell that knows nothing of the first, and again the next time", async () => {
    const blocks = blocksOf(await sectionOf("A changed policy"));
    await inNewShell("policy", blocks, folder());
    const again = await inNewShell("policy-again", blocks, folder());
    expect(again.calls[0]).to.match(/versions add gantry-policy --data-file=gantry.policy.yaml$/);
    const versions = again.calls.filter((call) => /^settings_version = "20[0-9-]+T[0-9:]+Z"$/.test(call));
    expect(versions).to.have.length(1);
    expect(again.calls).to.include.members([...choices, "secrets_filled = true"]);
  });

  it("builds the image from the folder of the bundle, by the file that lies there", () => {
    const [submit = ""] = calls.filter((call) => call.startsWith("gcloud builds submit"));
    const bundled = "clone/dist/container";
    expect(submit).to.include(
      `submit ${bundled} --config ${bundled}/cloudbuild.yaml --substitutions _IMAGE=${image} `,
    );
    expect(submit).to.include("--gcs-source-staging-dir gs://acme-ops-gantry-functions/service ");
  });

  it("names as variables only what the example of the module has", async () => {
    const example = await readFile(join(root, "infra/examples/one-service/main.tf"), "utf8");
    const pages = [
      await pageOf("google-cloud.md"),
      await pageOf("upgrade.md"),
      await pageOf("observe.md"),
    ].join("\n");
    const known = (what: string, name: string) => expect(example, name).to.include(`${what} "${name}"`);
    for (const [, name = ""] of pages.matchAll(/(?:^ *|[`'])([a-z_]+) += /gm)) known("variable", name);
    for (const [, name = ""] of pages.matchAll(/terraform output (?:-raw )?(\w+)/g)) known("output", name);
    expect(pages).to.not.match(/TF_VAR_/);
  });
});
