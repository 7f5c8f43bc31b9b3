import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { ReleaseStatus } from "../../shared/domain/words.ts";
import { AppError } from "../../shared/ports/app-error.ts";
import { cloudPorts } from "../../test/support/cloud-ports.ts";
import { person } from "../../test/support/fixtures.ts";
import {
  gantryYaml,
  OutsideWorld,
  openPolicy,
  releaseRequest,
  succeeded,
} from "../../test/support/function-harness.ts";
import { firstRelease } from "../../test/support/function-story.ts";
import { defaultSettings } from "./default-settings.ts";
import { type EmbeddedGantry, startEngine } from "./engine.ts";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const fast = { pollBuildEveryMs: 20, retryMinMs: 5 };

/** Resolves at the first commit after which the release stands so. */
function whenIs(engine: EmbeddedGantry, status: ReleaseStatus): Promise<void> {
  return new Promise((resolve) => {
    const look = async (): Promise<void> => {
      if ((await engine.deps.store.release(firstRelease))?.status !== status) return;
      stop();
      resolve();
    };
    const stop = engine.onCommit(() => void look());
    void look();
  });
}

describe("startEngine()", () => {
  let folder: string;
  let world: OutsideWorld;
  let engines: EmbeddedGantry[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gantry-engine-"));
    world = new OutsideWorld();
    world.files.set(
      "gantry.yaml",
      gantryYaml().replace("hold: 1m", "hold: 1s").replace("bake: 1m", "bake: 1s"),
    );
    engines = [];
  });
  afterEach(async () => {
    for (const engine of engines) await engine.close({ graceMs: 0 });
    await rm(folder, { recursive: true });
  });

  async function start(): Promise<EmbeddedGantry> {
    const file = join(folder, "gantry.db");
    const engine = await startEngine({
      file,
      cloud: cloudPorts(world),
      chat: null,
      consoleUrl: () => "",
      sourceSite: null,
      policy: openPolicy(),
      log,
      settings: fast,
    });
    engines.push(engine);
    return engine;
  }

  async function stop(engine: EmbeddedGantry): Promise<void> {
    engines = engines.filter((each) => each !== engine);
    await engine.close({ graceMs: 0 });
  }

  it("takes a tag all the way to live, without the event that tells of the build", async () => {
    const engine = await start();
    world.build = async () => succeeded();
    expect(await engine.desk.requestRelease(releaseRequest())).to.deep.equal({ releaseId: firstRelease });
    await whenIs(engine, "live");
    expect(world.builds).to.have.length(1);
    expect(world.split).to.deep.equal([{ revision: world.candidate.revision, percent: 100 }]);
  });

  it("goes on at the next start where it was stopped in the middle of work", async () => {
    const engine = await start();
    await engine.desk.requestRelease(releaseRequest());
    await whenIs(engine, "building");
    world.build = async () => succeeded();
    world.deploy = () => new Promise(() => undefined); // never comes back
    await whenIs(engine, "deploying");
    await stop(engine);
    world.deploy = async () => ({ outcome: "ready", candidate: world.candidate, stable: world.stable });
    const next = await start();
    await whenIs(next, "rolling-out");
    expect(world.builds).to.have.length(1);
  });

  it("serves a request that was taken by the process before", async () => {
    const engine = await start();
    world.sourcePort.resolveTag = () => new Promise(() => undefined);
    await engine.desk.requestRelease(releaseRequest());
    await stop(engine);
    world.sourcePort.resolveTag = async ({ tag }) => world.tags.get(tag) ?? null;
    const next = await start();
    await whenIs(next, "building");
    expect(await next.desk.cancel({ releaseId: firstRelease, by: person, reason: "" })).to.include({
      ok: true,
    });
  });

  it("refuses a second process on the same file, in a sentence", async () => {
    await start();
    const error = await start().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(AppError).with.property("code", "store-locked");
    expect(error)
      .to.have.property("message")
      .that.matches(/is in use by process \d+ since/);
  });

  it("tells listeners of every commit until they have heard enough", async () => {
    const engine = await start();
    let heard = 0;
    const enough = engine.onCommit(() => {
      heard += 1;
      enough();
    });
    await engine.desk.requestRelease(releaseRequest());
    await whenIs(engine, "building");
    expect(heard).to.equal(1);
  });

  it("closes twice without harm", async () => {
    const engine = await start();
    await stop(engine);
    await engine.close({ graceMs: 0 });
  });

  it("builds services that name no build file with Gantry's own", async () => {
    const { buildFile, owner } = await defaultSettings();
    expect(buildFile.name).to.equal("cloudbuild-nocache.yaml");
    expect(buildFile.text).to.include("--no-cache");
    expect(owner).to.match(new RegExp(`^${process.pid}-`));
  });
});
