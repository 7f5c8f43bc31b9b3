import { expect } from "chai";
import { build } from "../../functions/build.ts";
import { deploy } from "../../functions/deploy.ts";
import {
  buildReport,
  buildSnapshot,
  type FunctionHarness,
  functionHarness,
  gantryYaml,
  pubSubEvent,
  releaseRequest,
  succeeded,
} from "../../test/support/function-harness.ts";
import { parseBuildId } from "../domain/ids.ts";
import type { BuildSnapshot } from "../ports/build.ts";
import { topics } from "../ports/bus.ts";
import { releaseIdFor } from "./release-id.ts";

const id = releaseIdFor("github/1");
const gone = "E: Package 'libgl1-mesa-glx' has no installation candidate";
const failed = buildReport({ failureType: "user-build-step", detail: "step 0 failed" });
const lost = buildReport({ state: "internal-error", detail: "the worker was lost" });

async function building(
  yaml = gantryYaml(),
  files: Readonly<Record<string, string>> = {},
): Promise<FunctionHarness> {
  const harness = functionHarness();
  for (const [path, text] of Object.entries(files)) harness.world.files.set(path, text);
  harness.world.files.set("gantry.yaml", yaml);
  await harness.finished(build(harness.deps)(pubSubEvent(topics.releases, releaseRequest())));
  return harness;
}

async function ends({ world, deps, finished }: FunctionHarness, snapshot: BuildSnapshot): Promise<void> {
  world.build = async () => snapshot;
  const notice = { id: snapshot.id, tags: [`gantry-release-${id}`] };
  await finished(deploy(deps)(pubSubEvent(topics.builds, notice)));
}

const failing = (report = failed): BuildSnapshot => buildSnapshot({ status: "failed", report });

function says(harness: FunctionHarness, ...texts: readonly string[]): void {
  harness.world.buildLog = async () => texts.map((text) => ({ at: 0, severity: "INFO", text }));
}

describe("what becomes of a build that did not end well", () => {
  it("names the package, its new name and the line of the Dockerfile at the commit", async () => {
    const harness = await building(
      gantryYaml("").replace('tags: "v*.*.*"', 'tags: "v*.*.*", directory: backend'),
    );
    harness.world.files.set(
      "backend/Dockerfile",
      "FROM python:3.11-slim\nRUN apt-get install -y libgl1-mesa-glx\n",
    );
    says(harness, `Step #0: ${gone}`);
    await ends(harness, failing());
    const failure = (await harness.deps.store.release(id))?.failure;
    expect(failure?.code).to.equal("build-failed");
    expect(failure?.message).to.include("is libgl1 since").and.include("backend/Dockerfile:2 asks for it");
    expect(failure?.help).to.deep.include({ cause: "package-renamed", evidence: [gone], command: null });
  });

  it("looks for the Dockerfile that the service's own build file names", async () => {
    const harness = await building(gantryYaml("build: { config: cloudbuild.yaml }"), {
      "cloudbuild.yaml": "steps: [{ name: docker, args: [build, -f, gpu.Dockerfile, .] }]",
      "gpu.Dockerfile": "FROM x\n\nRUN apt-get install -y libgl1-mesa-glx\n",
    });
    says(harness, gone);
    await ends(harness, failing());
    expect((await harness.deps.store.release(id))?.failure?.message).to.include("gpu.Dockerfile:3 asks");
  });

  it("says so when the log cannot be read, and is held up by it no longer than 15 s", async () => {
    for (const buildLog of [
      () => Promise.reject(new Error("logging.logEntries.list denied")),
      () => new Promise<never>(() => undefined),
    ]) {
      const harness = await building();
      harness.world.buildLog = buildLog;
      const began = harness.clock.now();
      await ends(harness, failing());
      const record = await harness.deps.store.release(id);
      expect(record?.status).to.equal("failed");
      expect(record?.failure?.message).to.match(/ The log of the build could not be read\.$/);
      expect(harness.clock.now() - began).to.be.at.most(20_000);
      expect(harness.lines.map(({ message }) => message)).to.include(
        "Could not read the log of the build; going on without it",
      );
    }
  });

  it("asks for a log again whose lines are on their way still", async () => {
    const harness = await building();
    let asked = 0;
    harness.world.buildLog = async () => {
      asked += 1;
      return asked < 3 ? [] : [{ at: 0, severity: "INFO", text: `first\n${gone}` }];
    };
    await ends(harness, failing());
    expect((await harness.deps.store.release(id))?.failure?.help?.cause).to.equal("package-renamed");
  });

  it("starts a second build when the platform lost the first, and says so", async () => {
    const harness = await building();
    await ends(harness, failing(lost));
    expect(await harness.events(id)).to.include("build-lost");
    expect((await harness.state()).active).to.deep.include({
      status: "building",
      build: null,
      lost: "build-1",
    });
    const again = buildSnapshot({ id: parseBuildId("build-2") ?? succeeded().id, attempt: 2 });
    harness.world.start = async () => ({ outcome: "started", build: again });
    const [owed] = await harness.deps.store.owedWork(harness.world.service);
    expect(owed?.id).to.equal(`${id}/start-build/2`);
    const call = { service: harness.world.service, work: `${id}/start-build/2` };
    await harness.finished(build(harness.deps)(pubSubEvent(topics.work.build, call)));
    expect((await harness.state()).active).to.have.nested.include({ "build.id": "build-2", lost: "build-1" });
    await ends(harness, failing(lost)); // told late, of the first build
    expect((await harness.state()).active?.status).to.equal("building");
    await ends(harness, { ...succeeded(), id: again.id, attempt: 2 });
    expect(await harness.events(id)).to.include("build-succeeded");
  });

  it("reads no log for a build that nobody waits for any more", async () => {
    const harness = await building();
    await ends(harness, failing());
    harness.world.buildLog = () => Promise.reject(new Error("it should not be asked for"));
    const before = harness.lines.length;
    await ends(harness, failing());
    expect(harness.lines.slice(before).filter(({ level }) => level === "warn")).to.deep.equal([]);
  });

  it("reads a refusal of Cloud Build's for its cause", async () => {
    const harness = functionHarness();
    const message =
      'invalid image name "us-docker.pkg.dev/p/r/app:": could not parse reference: us-docker.pkg.dev/p/r/app:';
    harness.world.start = async () => ({ outcome: "refused", message, problems: [] });
    await harness.finished(build(harness.deps)(pubSubEvent(topics.releases, releaseRequest())));
    const failure = (await harness.deps.store.release(id))?.failure;
    expect(failure).to.deep.include({ code: "build-not-started" });
    expect(failure?.help?.cause).to.equal("substitution-empty");
  });
});
