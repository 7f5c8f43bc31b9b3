import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type CloudBuildServer, startCloudBuild } from "../../../emulator/build/start-cloud-build.ts";
import { openImageStore } from "../../../emulator/images/image-store.ts";
import {
  type CommitSha,
  parseBuildId,
  parseCommitSha,
  parseReleaseId,
  parseServiceKey,
  parseTagName,
} from "../../domain/ids.ts";
import { AppError } from "../../ports/app-error.ts";
import type { BuildPort, BuildRequest, BuildSnapshot, StartOutcome } from "../../ports/build.ts";
import { systemClock } from "../system/system-clock.ts";
import { buildSettings, createBuildAdapter } from "./build-adapter.ts";
import { type BuildConnection, connectBuild } from "./connect-build.ts";

const settings = { ...buildSettings, callTimeoutMs: 3_000, retryMs: 5, lookMs: 10, looks: 2 };
const connected = "projects/demo-project/locations/europe-west1/connections/acme/repositories/acme-api";
const service = parseServiceKey("demo-project/us-central1/api")!;

const own = `
steps:
  - { id: image, name: gcr.io/cloud-builders/docker, args: [build, --no-cache, --pull, "-t", "\${_IMAGE}:\${_TAG}", .] }
images: ["\${_IMAGE}:\${_TAG}"]
`;
const sleeping = `
steps: [{ name: bash, args: ["-c", "sleep 30"] }]
images: ["\${_IMAGE}:\${_TAG}"]
`;
const failing = `
steps: [{ name: bash, args: ["-c", "exit 7"] }]
images: ["\${_IMAGE}:\${_TAG}"]
`;

describe("the Cloud Build adapter against the local cloud", () => {
  let directory = "";
  let repository = "";
  let commit: CommitSha;
  let cloud: CloudBuildServer;
  let connection: BuildConnection;
  let builds: BuildPort;
  let count = 0;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gantry-build-adapter-"));
    repository = join(directory, "repository");
    await mkdir(join(repository, "backend"), { recursive: true });
    await writeFile(join(repository, "backend", "Dockerfile"), 'FROM node:20-slim\nCMD ["node", "-v"]\n');
    const git = (...words: string[]): string =>
      execFileSync("git", ["-C", repository, ...words], { encoding: "utf8" }).trim();
    git("init", "-q");
    git("add", "-A");
    git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "x");
    commit = parseCommitSha(git("rev-parse", "HEAD"))!;
    const images = await openImageStore(join(directory, "images"));
    cloud = await startCloudBuild({
      images,
      publish: async () => undefined,
      connected: async (name) => (name === connected ? repository : null),
    });
    connection = connectBuild({ endpoint: { ...cloud.grpc, insecure: true } });
    builds = createBuildAdapter({ client: connection.client, clock: systemClock, settings });
  });

  after(async () => {
    await connection.close();
    await cloud.close();
    await rm(directory, { recursive: true });
  });

  afterEach(() => cloud.faults.clear());

  function requestFor(text: string, change: Partial<BuildRequest> = {}): BuildRequest {
    count += 1;
    return {
      service,
      releaseId: parseReleaseId(`rel-build-${count}`)!,
      attempt: 1,
      repository: "demo/api",
      cloneUrl: repository,
      connection: null,
      tag: parseTagName("v1.0.0")!,
      commit,
      directory: "backend",
      build: { config: "cloudbuild.yaml", timeoutMs: 60_000, repository: null, substitutions: {} },
      file: { name: "backend/cloudbuild.yaml", text },
      ...change,
    };
  }

  function startedOf(outcome: StartOutcome): BuildSnapshot {
    if (outcome.outcome !== "started") throw new Error(JSON.stringify(outcome));
    return outcome.build;
  }

  async function end({ id }: BuildSnapshot, region: string | null = null): Promise<BuildSnapshot> {
    for (;;) {
      const build = await builds.get({ service, id, region });
      if (build !== null && build.status !== "queued" && build.status !== "working") return build;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  it("builds the commit in the service's folder and brings the digest back", async () => {
    const request = requestFor(own);
    const started = startedOf(await builds.start(request));
    expect(started).to.include({ status: "queued", attempt: 1, image: null, report: null });
    const done = await end(started);
    expect(done.report).to.equal(null);
    expect(done).to.include({ status: "succeeded", releaseId: request.releaseId, service });
    expect(done.image?.name).to.equal("us-central1-docker.pkg.dev/demo-project/gantry/api");
    expect(done.image?.digest).to.match(/^sha256:[0-9a-f]{64}$/);
    expect(done.startedAt).to.be.closeTo(Date.now(), 20_000);
  });

  it("builds a private repository through its connection, in the connection's region and nowhere else", async () => {
    const request = requestFor(own, { connection: connected, cloneUrl: "https://github.com/acme/api.git" });
    const started = startedOf(await builds.start(request));
    expect((await end(started, "europe-west1")).image?.digest).to.match(/^sha256:/);
    expect(startedOf(await builds.start(request)).id).to.equal(started.id); // found again there
    expect(await builds.get({ service, id: started.id, region: null })).to.equal(null);
    const running = requestFor(sleeping, { connection: connected });
    const { id } = startedOf(await builds.start(running));
    await builds.cancel({ ...running, region: "europe-west1" });
    expect((await builds.get({ service, id, region: "europe-west1" }))?.status).to.equal("cancelled");
  });

  it("fails where no connection has the repository", async () => {
    const started = startedOf(await builds.start(requestFor(own, { connection: `${connected}-not` })));
    expect((await end(started, "europe-west1")).report?.failureType).to.equal("fetch-source-failed");
  });

  it("starts one build for a release, however often it is asked to", async () => {
    const request = requestFor(sleeping);
    const first = startedOf(await builds.start(request));
    const second = startedOf(await builds.start(request));
    expect(second.id).to.equal(first.id);
    await builds.cancel({ ...request, region: null });
  });

  it("starts a second build where the platform lost the first, and finds each again by its attempt", async () => {
    const request = requestFor(sleeping);
    const first = startedOf(await builds.start(request));
    const second = startedOf(await builds.start({ ...request, attempt: 2 }));
    expect(second).to.include({ attempt: 2, releaseId: request.releaseId });
    expect(second.id).to.not.equal(first.id);
    expect(startedOf(await builds.start({ ...request, attempt: 2 })).id).to.equal(second.id);
    expect(startedOf(await builds.start(request)).id).to.equal(first.id);
    await builds.cancel({ ...request, region: null });
    expect((await end(second)).status).to.equal("cancelled");
  });

  it("finds a build whose creation was accepted but not answered", async () => {
    const request = requestFor(sleeping);
    cloud.faults.set("create-times-out-but-accepted", { count: 1 });
    const first = startedOf(await builds.start(request));
    const second = startedOf(await builds.start(request));
    expect(second.id).to.equal(first.id);
    await builds.cancel({ ...request, region: null });
  });

  it("cancels what still runs, and is content when nothing does", async () => {
    const request = requestFor(sleeping);
    const build = startedOf(await builds.start(request));
    await builds.cancel({ ...request, region: null });
    const cancelled = await end(build);
    expect(cancelled.status).to.equal("cancelled");
    expect(cancelled.report?.state).to.equal("cancelled");
    await builds.cancel({ ...request, region: null });
  });

  it("says which step failed, and how", async () => {
    const build = await end(startedOf(await builds.start(requestFor(failing))));
    expect(build).to.include({ status: "failed", image: null });
    expect(build.report).to.deep.include({ state: "failed", failureType: "user-build-step" });
    expect(build.report?.detail).to.equal('build step 0 "bash" failed: step exited with non-zero status: 7');
    const [step] = build.report?.steps ?? [];
    expect(step).to.deep.equal({ index: 0, id: null, image: "bash", state: "failed", exitCode: 7 });
  });

  it("says that a commit does not exist", async () => {
    const missing = parseCommitSha("0123456789012345678901234567890123456789")!;
    const build = await end(startedOf(await builds.start(requestFor(own, { commit: missing }))));
    expect(build.report?.failureType).to.equal("fetch-source-failed");
  });

  it("refuses a file with errors before anything is built, each at its place", async () => {
    const outcome = await builds.start(requestFor("steps:\n  - { name: bash, arg: [x] }\n"));
    expect(outcome.outcome).to.equal("refused");
    const problems = outcome.outcome === "refused" ? outcome.problems : [];
    expect(
      problems.some((problem) => /^backend\/cloudbuild\.yaml:2:\d+ steps\[0\]\.arg: /.test(problem)),
    ).to.equal(true);
  });

  it("throws what may pass as transient", async () => {
    cloud.faults.set("queue-full", { count: 1 });
    const error = await builds.start(requestFor(own)).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(AppError).and.include({ code: "build-unavailable", transient: true });
  });

  it("tries reads again while Cloud Build is unavailable", async () => {
    const request = requestFor(sleeping);
    const { id } = startedOf(await builds.start(request));
    cloud.faults.set("unavailable", { count: 2 });
    expect((await builds.get({ service, id, region: null }))?.id).to.equal(id);
    await builds.cancel({ ...request, region: null });
  });

  it("knows no build that does not exist", async () => {
    expect(await builds.get({ service, id: parseBuildId("no-such-build")!, region: null })).to.equal(null);
  });
});
