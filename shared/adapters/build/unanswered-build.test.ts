import type { CloudBuildClient } from "@google-cloud/cloudbuild";
import { expect } from "chai";
import type { BuildId, CommitSha, ReleaseId, ServiceKey, TagName } from "../../domain/ids.ts";
import { AppError } from "../../ports/app-error.ts";
import type { BuildPort, BuildRequest } from "../../ports/build.ts";
import { buildSettings, createBuildAdapter } from "./build-adapter.ts";
import type { IBuild } from "./build-snapshot.ts";
import { buildTagsFor } from "./build-tags.ts";

const service = "demo-project/us-central1/api" as ServiceKey;
const releaseId = "rel-00001" as ReleaseId;
const tags = [...buildTagsFor({ releaseId, service, attempt: 1, imageIndex: 0 })];
const clock = { now: () => 0, sleep: async () => undefined };

const request: BuildRequest = {
  service,
  releaseId,
  attempt: 1,
  repository: "demo/api",
  cloneUrl: "https://git/demo/api",
  connection: null,
  tag: "v1" as TagName,
  commit: "0123456789012345678901234567890123456789" as CommitSha,
  directory: "",
  build: { config: null, timeoutMs: 600_000, repository: null, substitutions: {} },
  file: { name: "b.yaml", text: `steps: [{ name: bash, args: [echo] }]\nimages: ["\${_IMAGE}:\${_TAG}"]\n` },
};

const rpcError = (code: number): Error => Object.assign(new Error("why"), { code });

type Calls = Readonly<{
  createBuild?: () => Promise<unknown>;
  listBuilds?: () => Promise<unknown>;
  cancelBuild?: () => Promise<unknown>;
  getBuild?: () => Promise<unknown>;
}>;

/** The adapter over a client that has only these calls. */
function adapterOf(calls: Calls): BuildPort {
  const settings = { ...buildSettings, callTimeoutMs: 20 };
  return createBuildAdapter({ client: async () => calls as unknown as CloudBuildClient, clock, settings });
}

function thrownBy(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => error,
  );
}

describe("a Cloud Build that does not answer", () => {
  it("is asked for the build by its tag before it is asked to create another", async () => {
    const asked: string[] = [];
    const builds = adapterOf({
      listBuilds: async () => [asked.push("list") < 5 ? [] : [{ id: "build-1", status: "QUEUED", tags }]],
      createBuild: () => {
        asked.push("create");
        return Promise.reject(rpcError(4));
      },
    });
    const outcome = await builds.start(request);
    expect(outcome.outcome === "started" && outcome.build.id).to.equal("build-1");
    expect(asked).to.deep.equal(["list", "create", "list", "list", "list"]);
  });

  it("ends as something that may pass when no build ever shows", async () => {
    let creates = 0;
    const builds = adapterOf({
      listBuilds: async () => [[]],
      createBuild: () => {
        creates += 1;
        return new Promise(() => undefined);
      },
    });
    const thrown = await thrownBy(builds.start(request));
    expect(thrown).to.be.instanceOf(AppError).and.include({ code: "build-unavailable", transient: true });
    expect(creates).to.equal(buildSettings.maxCreates);
  });

  it("is refused nothing twice: its own words come back", async () => {
    const createBuild = () => Promise.reject(Object.assign(rpcError(3), { details: "invalid build: no" }));
    const builds = adapterOf({ listBuilds: async () => [[]], createBuild });
    expect(await builds.start(request)).to.deep.equal({
      outcome: "refused",
      message: "invalid build: no",
      problems: [],
    });
  });

  it("takes the oldest of two builds of a release, so that everybody takes the same", async () => {
    const build = (id: string): IBuild => ({ id, status: "WORKING", tags });
    const builds = adapterOf({ listBuilds: async () => [[build("newer"), build("older")]] });
    const outcome = await builds.start(request);
    expect(outcome.outcome === "started" && outcome.build.id).to.equal("older");
  });

  it("is told of a build that runs on though it was cancelled", async () => {
    const builds = adapterOf({
      listBuilds: async () => [[{ id: "build-1", status: "WORKING", tags }]],
      cancelBuild: () => Promise.reject(rpcError(9)),
    });
    const thrown = await thrownBy(builds.cancel({ service, releaseId, region: null }));
    expect(thrown).to.be.instanceOf(AppError).and.include({ code: "build-unavailable", transient: true });
  });

  it("does not keep anybody waiting", async () => {
    const builds = adapterOf({ getBuild: () => new Promise(() => undefined) });
    const thrown = await thrownBy(builds.get({ service, id: "build-1" as BuildId, region: null }));
    expect(thrown).to.be.instanceOf(AppError).and.include({ code: "build-unavailable", transient: true });
  });
});
