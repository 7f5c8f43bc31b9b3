import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { inFolder, runCli } from "../test/support/cli-harness.ts";

const gantryYaml = `service: { project: gantry-test, region: europe-west1, name: background-removal }
source: { repository: perkie/background-removal, directory: api }
rollout:
  steps: [ { traffic: 100% } ]
`;

const buildFile = await readFile(new URL("../cloudbuild-nocache.yaml", import.meta.url), "utf8");

const policy = `repositories:
  - repository: perkie/*
    services: ["gantry-test/*/*"]
limits: { maxFirstStep: 5% }
`;

type Files = Readonly<Record<string, string>>;

/** Runs the command in a folder that holds these files. */
function inFiles(files: Files, argv: readonly string[]) {
  return inFolder(async (cwd) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(cwd, name)), { recursive: true });
      await writeFile(join(cwd, name), text);
    }
    return runCli(argv, { cwd });
  });
}

describe("gantry validate", () => {
  it("finds no problem in a good file", async () => {
    const ran = await inFiles({ "gantry.yaml": gantryYaml }, ["validate"]);
    expect(ran).to.deep.equal({ exitCode: 0, stdout: "", stderr: "gantry.yaml: no problem.\n" });
  });

  it("names every problem at once by its place, and ends with 1", async () => {
    const text = gantryYaml.replace("region: europe-west1", "region: mars").replace("rollout", "rolout");
    const { exitCode, stdout, stderr } = await inFiles({ "gantry.yaml": text }, ["validate"]);
    expect(exitCode).to.equal(1);
    const places = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[0]);
    expect(places).to.deep.equal(["gantry.yaml:1:42", "gantry.yaml:3:1"]);
    expect(stdout).to.include("did you mean `rollout`?");
    expect(stderr).to.include("2 problems.");
  });

  it("writes one JSON document with --json", async () => {
    const { stdout, exitCode } = await inFiles({ "gantry.yaml": "a: 1\n" }, ["validate", "--json"]);
    expect(exitCode).to.equal(1);
    const document = JSON.parse(stdout);
    expect(document).to.include({ ok: false });
    expect(document.files).to.deep.equal(["gantry.yaml"]);
    expect(document.problems[0]).to.include({ file: "gantry.yaml", line: 1, column: 1 });
  });

  it("checks the Cloud Build file that build.config names", async () => {
    const named = `${gantryYaml}build: { config: ci/build.yaml }\n`;
    const good = { "gantry.yaml": named, "api/ci/build.yaml": buildFile };
    expect(await inFiles(good, ["validate"])).to.include({ exitCode: 0, stdout: "" });
    const bad = { ...good, "api/ci/build.yaml": buildFile.replace("images:", "imags:") };
    const ran = await inFiles(bad, ["validate"]);
    expect(ran.exitCode).to.equal(1);
    expect(ran.stdout).to.match(/^api\/ci\/build\.yaml:\d+:1 imags: .*\(invalid-file\)/m);
  });

  it("tells where a Cloud Build file is named that is not there", async () => {
    const named = `${gantryYaml}build: { config: build.yaml }\n`;
    const { exitCode, stdout } = await inFiles({ "gantry.yaml": named }, ["validate"]);
    expect(exitCode).to.equal(1);
    expect(stdout).to.equal("gantry.yaml:5:10 build.config: there is no file api/build.yaml\n");
  });

  it("looks at a build file that only stands beside, and stops nothing for it", async () => {
    const files = { "gantry.yaml": gantryYaml, "api/cloudbuild.yaml": "steps: []\n" };
    const { exitCode, stdout, stderr } = await inFiles(files, ["validate"]);
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 0, stdout: "" });
    expect(stderr).to.include("note: api/cloudbuild.yaml:1:1 is not named by build.config");
    expect(stderr).to.match(/note: api\/cloudbuild\.yaml:1:\d+ .*invalid-file/);
  });

  it("checks a policy, and what it does not allow, at the place in gantry.yaml", async () => {
    const files = { "gantry.yaml": gantryYaml, "ops/gantry.policy.yaml": policy };
    const ran = await inFiles(files, ["validate", "--policy", "ops/gantry.policy.yaml"]);
    expect(ran.exitCode).to.equal(1);
    expect(ran.stdout).to.equal(
      "gantry.yaml:4:14 rollout.steps[0].traffic: is 100%; the policy allows at most 5% at first\n",
    );
    const stranger = { ...files, "ops/gantry.policy.yaml": policy.replace("perkie", "acme") };
    const refused = await inFiles(stranger, ["validate", "--policy", "ops/gantry.policy.yaml"]);
    expect(refused.stdout).to.include("gantry.yaml:2:11 source.repository: The policy does not list");
    const broken = { ...files, "ops/gantry.policy.yaml": policy.replace("limits", "limit") };
    const both = await inFiles(broken, ["validate", "--policy", "ops/gantry.policy.yaml"]);
    expect(both.stdout).to.include("ops/gantry.policy.yaml:4:1 limit: unknown key");
  });

  it("checks a policy alone", async () => {
    const files = { "gantry.policy.yaml": policy };
    expect((await inFiles(files, ["validate", "gantry.policy.yaml"])).exitCode).to.equal(0);
    const alone = await inFiles(files, ["validate", "--policy", "gantry.policy.yaml"]);
    expect(alone.stderr).to.equal("gantry.policy.yaml: no problem.\n");
    const broken = { "gantry.policy.yaml": "repositories: 1\n" };
    expect((await inFiles(broken, ["validate", "gantry.policy.yaml"])).exitCode).to.equal(1);
  });

  it("says which settings are read and not acted on yet", async () => {
    const text = `${gantryYaml}  watch: { latency: { increase: 25% } }
guardrails: { cpu: 8 }
verify: { coldStart: { within: 120s }, memory: { below: 80% }, gpu: allocated }
warmup: { days: mon..sun, hours: "09:00..21:00", zone: America/New_York, mode: minInstances }
notify: { slack: "#deploys" }
`;
    const { exitCode, stderr } = await inFiles({ "gantry.yaml": text }, ["validate"]);
    expect(exitCode).to.equal(0);
    expect(stderr).to.include("note: gantry.yaml:5:23 rollout.watch.latency.increase: ");
    expect(stderr.match(/^note: /gm)).to.have.length(1);
  });

  it("says at its place which check asks for a path that Google answers itself", async () => {
    const checks =
      "{ name: health, get: /healthz, status: 200 }, { name: size, get: /size?unit=z, status: 200 }";
    const text = `${gantryYaml}verify: { checks: [${checks}] }\n`;
    const { exitCode, stderr } = await inFiles({ "gantry.yaml": text }, ["validate"]);
    expect(exitCode).to.equal(0);
    expect(stderr.match(/^note: .+$/gm)).to.deep.equal([
      "note: gantry.yaml:5:36 verify.checks[0].get: health: Google may answer /healthz of a run.app address itself, with 404; let the service answer another path, such as /health",
    ]);
  });

  it("ends with 64 when the file cannot be read", async () => {
    for (const [argv, file] of [
      [["validate"], "gantry.yaml"],
      [["validate", "--policy", "none.yaml"], "none.yaml"],
    ] as const) {
      const { exitCode, stderr } = await inFiles({}, argv);
      expect(exitCode).to.equal(64);
      expect(stderr).to.include(`"${file}" cannot be read`).and.to.include("(file-unreadable)");
    }
  });
});

describe("gantry schema", () => {
  for (const [argv, key] of [
    [["schema"], "service"],
    [["schema", "policy"], "repositories"],
  ] as const) {
    it(`prints the JSON Schema with ${key} for \`gantry ${argv.join(" ")}\``, async () => {
      const { exitCode, stdout } = await runCli(argv);
      expect(exitCode).to.equal(0);
      expect(JSON.parse(stdout).properties).to.include.keys(key);
    });
  }
});
