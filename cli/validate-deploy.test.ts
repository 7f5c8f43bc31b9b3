import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { ScriptFindingCode } from "../shared/config/script-advice.ts";
import { inFolder, runCli } from "../test/support/cli-harness.ts";

const root = new URL("..", import.meta.url).pathname;
const fixture = join(root, "test/fixtures/hand-made-deploy");
const api = join(fixture, "backend/inspirenet-api");

type Found = Readonly<{
  file: string;
  line: number;
  column: number;
  code: string;
  repair: string;
  message: string;
}>;
type Document = Readonly<{ ok: boolean; problems: readonly Found[]; warnings: readonly Found[] }>;

/** Every finding of the files, named as seen from their folder. */
async function validated(cwd: string, ...files: readonly string[]): Promise<readonly Found[]> {
  const { stdout } = await runCli(["validate", "--json", ...files], { cwd });
  const document: Document = JSON.parse(stdout);
  return [...document.problems, ...document.warnings];
}

const buildFile = "cloudbuild-nocache.yaml";
const clean = "scripts/deploy-clean-build.sh";
const prebuilt = "scripts/deploy-prebuilt.sh";
const check = "scripts/check-endpoints.sh";
const everyFile = [buildFile, clean, prebuilt, check, "scripts/rollback.sh", "scripts/keep-warm.sh"];

/** What is wrong with such a deploy, where the files show it, and a part of what to type. */
const faults: readonly (readonly [string, string, string, string])[] = [
  [
    "the commit is empty in a manual build",
    `${clean}:14:5`,
    "submit-empty-substitution",
    "SHORT_SHA=$(git rev-parse --short=7 HEAD)`",
  ],
  ["the tag needs a trigger", `${buildFile}:10:9`, "tag-needs-trigger", `\${_IMAGE}:\${_TAG}`],
  ["the working directory is built", `${clean}:12:1`, "submit-working-directory", "gantry deploy v1.2.3"],
  ["the source is edited to force a build", `${clean}:9:1`, "edits-source", "Remove the line"],
  ["the base image is not fetched anew", `${buildFile}:6:9`, "base-image-not-pulled", "--pull"],
  ["every tag is pushed, `latest` too", `${buildFile}:18:9`, "push-all-tags", "images"],
  ["`latest` moves before anything is proved", `${buildFile}:8:9`, "moves-latest", `\${_IMAGE}:\${_TAG}`],
  ["no digest comes back", `${buildFile}:1:1`, "no-images", "images: ["],
  ["a tag is deployed", `${buildFile}:28:9`, "mutable-image", "@sha256:"],
  ["a tag is deployed from a variable", `${prebuilt}:17:5`, "mutable-image", "@sha256:"],
  [
    "the deploy takes traffic unchecked",
    `${buildFile}:25:7`,
    "takes-all-traffic",
    "--no-traffic --tag=candidate",
  ],
  [
    "the checks ask the service and not a revision",
    `${check}:3:6`,
    "checks-main-url",
    "https://candidate---SERVICE",
  ],
  ["the checks look at no status", `${check}:9:1`, "asserts-nothing", "--fail"],
  ["one request needs one GPU", `${buildFile}:34:9`, "one-request-an-instance", "warmup"],
  ["the minimum makes a revision", `${buildFile}:33:9`, "minimum-in-revision", "--min=0"],
  ["zonal redundancy is on", `${buildFile}:38:9`, "zonal-redundancy-unsaid", "--no-gpu-zonal-redundancy"],
  [
    "CPU is not said to be always allocated",
    `${prebuilt}:27:5`,
    "cpu-throttling-unsaid",
    "--no-cpu-throttling",
  ],
  ["the CPU is more than the quota", `${buildFile}:32:9`, "cpu-quota", "g.co/cloudrun/gpu-quota"],
  ["old and new share the GPU quota", `${buildFile}:38:9`, "gpu-quota-shared", "gantry plan TAG"],
  ["the environment is replaced", `${buildFile}:40:9`, "replaces-environment", "--update-env-vars"],
  ["everybody may call a GPU", `${buildFile}:31:9`, "open-to-everybody", "--no-allow-unauthenticated"],
  ["a flag is the default", `${buildFile}:30:9`, "platform-is-default", "Remove the flag"],
  ["the time-out is not of the start", `${buildFile}:37:9`, "timeout-is-of-requests", "--startup-probe"],
  [
    "traffic is moved by hand",
    "scripts/rollback.sh:3:1",
    "traffic-by-hand",
    "gantry rollback SERVICE --direct",
  ],
  ["nothing says what healthy is", `${prebuilt}:16:1`, "no-health-definition", "--liveness-probe"],
  ["two runs race", `${clean}:12:1`, "no-lock", "gantry deploy TAG"],
  ["a ping keeps it warm", "scripts/keep-warm.sh:5:5", "pings-to-stay-warm", "mode: minInstances"],
  ["an image is built on a laptop", `${prebuilt}:10:1`, "built-by-hand", "gantry deploy --image REFERENCE"],
  ["an image is pushed by a tag", `${prebuilt}:13:1`, "pushed-by-hand", "gantry deploy --image REFERENCE"],
  ["the build deploys", `${buildFile}:25:7`, "deploys", "Remove the step"],
];

describe("gantry validate of a deploy made by hand", () => {
  let found: readonly Found[];

  before(async () => {
    found = await validated(api, ...everyFile);
  });

  for (const [what, place, code, repair] of faults) {
    it(`says that ${what}, at ${place}`, () => {
      const here = found.filter(({ file, line, column }) => `${file}:${line}:${column}` === place);
      expect(here.map((one) => one.code)).to.include(code);
      expect(here.find((one) => one.code === code)?.repair).to.include(repair);
    });
  }

  it("names every fault of a plan in Markdown by the lines of the document, as of the files that it shows", async () => {
    const ofPlan = await validated(fixture, "DEPLOY.md");
    const codes = new Set(ofPlan.map(({ code }) => code));
    expect(found.map(({ code }) => code).filter((code) => !codes.has(code))).to.deep.equal([]);
    for (const [place, code] of [
      ["DEPLOY.md:16:1", "edits-source"],
      ["DEPLOY.md:38:9", "tag-needs-trigger"],
      ["DEPLOY.md:76:35", "deletes-way-back"],
      ["DEPLOY.md:83:4", "submit-missing-substitution"],
      ["DEPLOY.md:105:8", "mutable-image"],
      ["DEPLOY.md:136:9", "pings-to-stay-warm"],
      ["DEPLOY.md:142:1", "traffic-by-hand"],
    ] satisfies readonly (readonly [string, ScriptFindingCode])[]) {
      const here = ofPlan.filter(({ file, line, column }) => `${file}:${line}:${column}` === place);
      expect(
        here.map((one) => one.code),
        place,
      ).to.include(code);
    }
  });

  it("prints problems and warnings in the order of each file, and ends with 1", async () => {
    const { exitCode, stdout, stderr } = await runCli(["validate", prebuilt], { cwd: api });
    expect(exitCode).to.equal(1);
    const lines = stdout.trim().split("\n");
    expect(lines[0]).to.match(
      /^scripts\/deploy-prebuilt\.sh:10:1 warning: builds on this machine \(built-by-hand\)\. .+ Type `gantry deploy TAG`/,
    );
    const numbers = lines.map((line) => Number(line.split(":")[1]));
    expect(numbers).to.deep.equal([...numbers].sort((a, b) => a - b));
    expect(stderr).to.match(/^4 problems, \d+ warnings\. Gantry ran none of it; /);
  });

  for (const [what, cwd, files] of [
    ["Gantry's own build file", root, ["cloudbuild-nocache.yaml"]],
    [
      "the example and its build file",
      join(root, "examples/background-removal"),
      ["gantry.yaml", `backend/inspirenet-api/${buildFile}`],
    ],
  ] as const) {
    it(`finds nothing in ${what}`, async () => {
      const { exitCode, stdout, stderr } = await runCli(["validate", ...files], { cwd });
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 0, stdout: "" });
      expect(stderr).to.include(": no problem.\n");
    });
  }

  it("finds nothing in a script that leaves the work to Gantry, and says so of a page without commands", async () => {
    await inFolder(async (cwd) => {
      await writeFile(
        join(cwd, "release"),
        '#!/usr/bin/env bash\nset -e\ngit tag "$1" && git push origin "$1"\ngantry deploy "$1"\n',
      );
      await writeFile(join(cwd, "README.md"), "# Hello\n\n```js\ngcloud()\n```\n");
      const { exitCode, stdout, stderr } = await runCli(["validate", "release", "README.md"], { cwd });
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 0, stdout: "" });
      expect(stderr).to.include("note: README.md:1:1 nothing in it deploys");
    });
  });

  it("looks for the build file that a script submits beside the script and above it", async () => {
    await inFolder(async (cwd) => {
      await cp(api, cwd, { recursive: true });
      const codes = (await validated(cwd, clean)).map(({ code }) => code);
      expect(codes).to.include("submit-empty-substitution");
      await writeFile(join(cwd, buildFile), "steps: [{ name: a }]\n");
      const without = (await validated(cwd, clean)).map(({ code }) => code);
      expect(without).not.to.include("submit-empty-substitution");
    });
  });

  it("judges a Cloud Build file by the gantry.yaml that is named with it", async () => {
    await inFolder(async (cwd) => {
      await writeFile(
        join(cwd, "gantry.yaml"),
        "service: { project: gantry-test, region: europe-west1, name: web }\nsource: { repository: perkie/web }\nbuild: { substitutions: { _COLOUR: red } }\n",
      );
      await writeFile(
        join(cwd, "build.yaml"),
        `steps: [{ name: docker, args: [build, --no-cache, --pull, "--tag=\${_IMAGE}:\${_TAG}", "--build-arg=C=\${_COLOUR}", .] }]\nimages: ["\${_IMAGE}:\${_TAG}"]\n`,
      );
      expect((await validated(cwd, "build.yaml")).map(({ code }) => code)).to.deep.equal([
        "substitution-missing",
      ]);
      expect(await validated(cwd, "build.yaml", "gantry.yaml")).to.deep.equal([]);
    });
  });
});
