import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CloudBuildClient, type protos } from "@google-cloud/cloudbuild";
import { credentials } from "@grpc/grpc-js";
import { expect } from "chai";
import { type ImageStore, openImageStore } from "../images/image-store.ts";
import type { BuildMessage } from "./build-message.ts";
import { type CloudBuildOptions, type CloudBuildServer, startCloudBuild } from "./start-cloud-build.ts";

process.env["METADATA_SERVER_DETECTION"] = "none";

type BuildRequest = protos.google.devtools.cloudbuild.v1.IBuild;

const projectId = "perkieprints-processing";
const image = `us-central1-docker.pkg.dev/${projectId}/r/app`;
const dockerfile = `FROM node:20-slim
WORKDIR /app
RUN npm ci
COPY server.mjs ./
ENV MODE=base
CMD ["node", "server.mjs"]
`;

const step = { name: "bash", args: ["-c", "true"] };

describe("the local Cloud Build, driven by Google's client", () => {
  let directory: string;
  let repository: string;
  let images: ImageStore;
  let messages: BuildMessage[];
  let server: CloudBuildServer;
  let client: CloudBuildClient;

  const start = async (options: Partial<CloudBuildOptions> = {}): Promise<void> => {
    server = await startCloudBuild({
      images,
      publish: async (message) => {
        messages.push(message);
      },
      ...options,
    });
    client = new CloudBuildClient({
      apiEndpoint: server.grpc.host,
      port: server.grpc.port,
      sslCreds: credentials.createInsecure(),
      projectId,
    });
  };
  const stop = async (): Promise<void> => {
    await client.close();
    await server.close();
  };
  const commit = async (files: Record<string, string>): Promise<string> => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(repository, path)), { recursive: true });
      await writeFile(join(repository, path), content);
    }
    const git = (...words: string[]) =>
      execFileSync("git", ["-C", repository, ...words], { encoding: "utf8" });
    git("add", "-A");
    git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "x");
    return git("rev-parse", "HEAD").trim();
  };
  const dockerBuild = (revision: string, more: BuildRequest = {}): BuildRequest => ({
    source: { gitSource: { url: repository, revision } },
    steps: [
      {
        name: "gcr.io/cloud-builders/docker",
        args: ["build", "--no-cache", "-t", `${image}:$SHORT_SHA`, "."],
      },
    ],
    images: [`${image}:$SHORT_SHA`],
    substitutions: { SHORT_SHA: revision.slice(0, 7) },
    ...more,
  });
  const create = async (build: BuildRequest): Promise<string> => {
    const [operation] = await client.createBuild({ projectId, build });
    const metadata = operation.metadata as protos.google.devtools.cloudbuild.v1.IBuildOperationMetadata;
    return metadata.build?.id ?? "";
  };
  const end = async (id: string): Promise<protos.google.devtools.cloudbuild.v1.IBuild> => {
    for (;;) {
      const [build] = await client.getBuild({ projectId, id });
      if (!["QUEUED", "WORKING"].includes(String(build.status))) return build;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const run = async (build: BuildRequest) => end(await create(build));
  const refusal = async (build: BuildRequest): Promise<{ code: number; details: string }> => {
    try {
      await client.createBuild({ projectId, build });
    } catch (error) {
      return error as { code: number; details: string };
    }
    throw new Error("the build was accepted");
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gantry-build-test-"));
    repository = join(directory, "repository");
    execFileSync("git", ["init", "-q", repository]);
    images = await openImageStore(join(directory, "images"));
  });
  after(() => rm(directory, { recursive: true }));
  beforeEach(async () => {
    messages = [];
    await start();
  });
  afterEach(stop);

  it("builds a commit into an image that resolves by the digest in results.images", async () => {
    const revision = await commit({ Dockerfile: dockerfile, "server.mjs": "1" });
    const [operation] = await client.createBuild({
      projectId,
      build: dockerBuild(revision, { tags: ["release-1"] }),
    });
    expect(operation.name).to.match(/^operations\/build\/perkieprints-processing\/\w+/);
    const [done] = await operation.promise();
    const [build] = await client.getBuild({ projectId, id: done.id ?? "" });
    expect(build.status).to.equal("SUCCESS");
    const [pushed] = build.results?.images ?? [];
    expect(pushed?.name).to.equal(`${image}:${revision.slice(0, 7)}`);
    const found = await images.resolve(`${image}@${pushed?.digest}`);
    expect(found).to.deep.include({
      workingDirectory: "/app",
      command: ["node", "server.mjs"],
      env: { MODE: "base" },
    });
    expect(build.steps?.[0]).to.include({ status: "SUCCESS", exitCode: 0 });
    const log = await fetch(build.logUrl ?? "").then((answer) => answer.text());
    expect(log).to.include("Skipped by the local cloud, which runs no container: npm ci");
  });

  it("publishes each state once and in order, as the REST API shows a build", async () => {
    const revision = await commit({ Dockerfile: dockerfile, "server.mjs": "2" });
    const { id } = await run(dockerBuild(revision, { timeout: { seconds: 1800 } }));
    expect(messages.map(({ attributes }) => attributes)).to.deep.equal(
      ["QUEUED", "WORKING", "SUCCESS"].map((status) => ({ buildId: id, status })),
    );
    const body = JSON.parse(Buffer.from(messages[2]?.data ?? "", "base64").toString());
    expect(body).to.include({ id, status: "SUCCESS", timeout: "1800s", projectId });
    expect(body.createTime).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(body.results.images[0].digest).to.match(/^sha256:/);
  });

  it("fails a stale Dockerfile as apt does and says so in log, status and failureInfo", async () => {
    const revision = await commit({
      Dockerfile: dockerfile.replace("npm ci", "apt-get update && apt-get install -y libgl1-mesa-glx"),
    });
    const build = await run(dockerBuild(revision));
    expect(build.status).to.equal("FAILURE");
    expect(build.failureInfo?.type).to.equal("USER_BUILD_STEP");
    expect(build.statusDetail).to.equal(
      'build step 0 "gcr.io/cloud-builders/docker" failed: step exited with non-zero status: 100',
    );
    expect(build.results?.images ?? []).to.deep.equal([]);
    expect(await server.logs(build.id ?? "")).to.include(
      "E: Package 'libgl1-mesa-glx' has no installation candidate",
    );
  });

  it("fails with FETCH_SOURCE_FAILED when the commit does not exist", async () => {
    const build = await run(dockerBuild("0123456789012345678901234567890123456789"));
    expect(build.status).to.equal("FAILURE");
    expect(build.failureInfo?.type).to.equal("FETCH_SOURCE_FAILED");
  });

  it("gives no digest for what a step pushes by itself", async () => {
    const revision = await commit({ Dockerfile: dockerfile, "server.mjs": "3" });
    const docker = "gcr.io/cloud-builders/docker";
    const build = await run({
      source: { gitSource: { url: repository, revision } },
      steps: [
        { name: docker, args: ["build", "-t", `${image}:a`, "-t", `${image}:b`, "."] },
        { name: docker, args: ["push", "--all-tags", image] },
      ],
    });
    expect(build.status).to.equal("SUCCESS");
    expect(build.results?.images ?? []).to.deep.equal([]);
    expect(await images.resolve(`${image}:b`)).to.not.equal(null);
  });

  it("fails with PUSH_IMAGE_NOT_FOUND for an image that no step built", async () => {
    const build = await run({ steps: [{ name: "bash", args: ["-c", "true"] }], images: [`${image}:never`] });
    expect(build.failureInfo?.type).to.equal("PUSH_IMAGE_NOT_FOUND");
  });

  it("runs scripts with env, dir and output, and steps at once where waitFor allows it", async () => {
    const build = await run({
      steps: [
        {
          id: "a",
          name: "bash",
          args: ["-c", "mkdir -p sub; printf $$WHO > sub/who; printf out > $$BUILDER_OUTPUT/output"],
          env: ["WHO=me"],
        },
        { id: "b", name: "alpine", script: "grep -q me who", dir: "sub", waitFor: ["a"] },
        { id: "c", name: "ubuntu", script: "exit 3", allowExitCodes: [3], waitFor: ["-"] },
      ],
    });
    expect(build.status, await server.logs(build.id ?? "")).to.equal("SUCCESS");
    expect(build.steps?.map((step) => step.exitCode ?? 0)).to.deep.equal([0, 0, 3]);
    expect(String(build.results?.buildStepOutputs?.[0])).to.equal("out");
  });

  it("says which builder images it does not carry", async () => {
    const build = await run({
      steps: [{ name: "gcr.io/google.com/cloudsdktool/cloud-sdk", entrypoint: "gcloud" }],
    });
    expect(build.status).to.equal("FAILURE");
    expect(await server.logs(build.id ?? "")).to.include(
      "does not carry the image gcr.io/google.com/cloudsdktool/cloud-sdk",
    );
  });

  it("ends a build at its timeout, a step at its own, and a queued build at its time to live", async () => {
    const sleep = { name: "bash", args: ["-c", "sleep 30"] };
    const short = { seconds: 0, nanos: 50_000_000 };
    server.faults.set("build-stays-queued");
    const queued = await create({ steps: [sleep], queueTtl: short });
    const [expired, timedOut, stepTimedOut] = await Promise.all([
      end(queued),
      run({ steps: [sleep], timeout: short }),
      run({ steps: [{ ...sleep, timeout: short }] }),
    ]);
    expect([expired.status, timedOut.status, stepTimedOut.status]).to.deep.equal([
      "EXPIRED",
      "TIMEOUT",
      "FAILURE",
    ]);
    expect(stepTimedOut.steps?.[0]?.status).to.equal("TIMEOUT");
  });

  it("can lose a build to an error of its own, and let a step hang until the build's time is over", async () => {
    server.faults.set("build-is-lost");
    expect((await run({ steps: [step] })).status).to.equal("INTERNAL_ERROR");
    server.faults.set("step-hangs");
    const hung = await run({ steps: [step], timeout: { seconds: 0, nanos: 500_000_000 } });
    expect([hung.status, hung.steps?.[0]?.status]).to.deep.equal(["TIMEOUT", "TIMEOUT"]);
    expect(await server.logs(hung.id ?? "")).to.match(/TIMEOUT\nERROR: context deadline exceeded\n$/);
    expect((await run({ steps: [step] })).status).to.equal("SUCCESS");
  });

  it("works on so many builds at once, and lets the others wait in their order", async () => {
    await stop();
    await start({ concurrency: 1 });
    server.faults.set("build-never-ends");
    const first = await create({ steps: [step] });
    const second = await create({ steps: [step] });
    const dropped = await create({ steps: [step], queueTtl: { seconds: 0, nanos: 20_000_000 } });
    expect((await end(dropped)).status).to.equal("EXPIRED");
    expect((await client.getBuild({ projectId, id: second }))[0].status).to.equal("QUEUED");
    const [cancelled] = await client.cancelBuild({ projectId, id: first });
    const late = await end(second);
    expect([cancelled.status, late.status]).to.deep.equal(["CANCELLED", "SUCCESS"]);
    const at = (time: BuildRequest["startTime"]) => Number(time?.seconds) + Number(time?.nanos) / 1e9;
    expect(at(late.startTime)).to.be.at.least(at(cancelled.finishTime));
  });

  it("does not start on a port that is taken, and leaves nothing open", async () => {
    const other = { images, publish: async () => undefined, port: server.grpc.port };
    const failed = await startCloudBuild(other).then(
      () => null,
      (error: Error) => error.message,
    );
    expect(failed).to.include("EADDRINUSE");
  });

  it("cancels a running build once and refuses to cancel it again", async () => {
    const id = await create({ steps: [{ name: "bash", args: ["-c", "sleep 30"] }] });
    const [cancelled] = await client.cancelBuild({ projectId, id });
    expect(cancelled.status).to.equal("CANCELLED");
    expect(
      await client.cancelBuild({ projectId, id }).catch((error: { code: number }) => error.code),
    ).to.equal(9);
  });

  it("retries a build under a new id", async () => {
    const first = await run({ steps: [{ name: "bash", args: ["-c", "false"] }], tags: ["t"] });
    const [operation] = await client.retryBuild({ projectId, id: first.id ?? "" });
    const { build } = operation.metadata as protos.google.devtools.cloudbuild.v1.IBuildOperationMetadata;
    expect(build?.id).to.not.equal(first.id);
    expect(await end(build?.id ?? "")).to.deep.include({ status: "FAILURE", tags: ["t"] });
  });

  it("lists builds by tag and status, newest first", async () => {
    const ids: unknown[] = [];
    for (const tags of [["x"], ["y"], ["x", "z"]]) ids.push((await run({ steps: [step], tags })).id);
    const list = async (filter: string) =>
      (await client.listBuilds({ projectId, filter }))[0].map((build) => ids.indexOf(build.id));
    expect(await list('tags="x"')).to.deep.equal([2, 0]);
    expect(await list('tags="x" AND tags="z"')).to.deep.equal([2]);
    expect(await list('status="SUCCESS" AND NOT tags="x"')).to.deep.equal([1]);
    expect(await list('status="WORKING" OR status="QUEUED"')).to.deep.equal([]);
    expect((await client.listBuilds({ projectId: "another" }))[0]).to.deep.equal([]);
    expect(await list('tags=="').catch((error: { code: number }) => error.code)).to.equal(3);
  });

  it("answers NOT_FOUND for a build and an operation that it does not know", async () => {
    expect(
      await client.getBuild({ projectId, id: "x" }).catch((error: { code: number }) => error.code),
    ).to.equal(5);
    const operation = client.checkCreateBuildProgress("operations/build/p/eA==");
    expect(await operation.catch((error: { code: number }) => error.code)).to.equal(5);
  });

  const refusals: [string, BuildRequest, string][] = [
    ["no steps", {}, "invalid build: invalid .steps field: no build steps are specified"],
    [
      "an empty tag in images",
      { steps: [step], images: [`${image}:$SHORT_SHA`] },
      `invalid build: invalid image name "${image}:": could not parse reference: ${image}:`,
    ],
    [
      "an unused substitution",
      { steps: [step], substitutions: { _X: "1" } },
      'generic::invalid_argument: key "_X" in the substitution data is not matched in the template',
    ],
    [
      "a missing substitution",
      { steps: [{ name: "bash", args: ["$_X"] }] },
      'generic::invalid_argument: key in the template "_X" is not matched in the substitution data; substitutions = map[]',
    ],
    [
      "a shell variable",
      { steps: [{ name: "bash", args: ["$FOO"] }] },
      "generic::invalid_argument: invalid value for 'build.substitutions': key in the template \"FOO\" is not a valid built-in substitution",
    ],
    [
      "a bad build tag",
      { steps: [step], tags: ["ccm/v32"] },
      'invalid build: invalid build tag "ccm/v32": must match format "^[\\\\w][\\\\w.-]{0,127}$"',
    ],
    [
      "a timeout over a day",
      { steps: [step], timeout: { seconds: 86_401 } },
      "invalid build: timeout exceeds the timeout limit of 24h0m0s",
    ],
    [
      "an unknown dependency",
      { steps: [{ ...step, waitFor: ["q"] }] },
      'invalid build: invalid .steps field: build step #0 depends on "q", which has not been defined',
    ],
    [
      "a secret",
      { steps: [{ ...step, secretEnv: ["S"] }] },
      'invalid .secrets field: secretEnv "S" is used without being defined: the local Cloud Build has no Secret Manager and no Cloud KMS',
    ],
  ];
  it("refuses a connected repository in a build of another region, and in global", async () => {
    const repository = "projects/p/locations/us-west1/connections/c/repositories/acme-api";
    const connected = (name: string) => ({
      source: { connectedRepository: { repository: name } },
      steps: [step],
    });
    const { code, details } = await refusal(connected(repository));
    expect([code, details.includes("a build in global cannot use it")]).to.deep.equal([3, true]);
    expect((await refusal(connected("acme-api"))).details).to.include("projects/*/locations/*/connections/*");
    const parent = `projects/${projectId}/locations/us-west1`;
    const [operation] = await client.createBuild({ parent, projectId, build: connected(repository) });
    expect(operation.name).to.include("operations/build/");
  });

  it("refuses at once, with INVALID_ARGUMENT and Cloud Build's words, what can never build", async () => {
    for (const [what, build, text] of refusals) {
      const { code, details } = await refusal(build);
      expect({ what, code, details }).to.deep.equal({ what, code: 3, details: text });
    }
    expect(messages).to.deep.equal([]);
  });

  it("loses, repeats, reorders and delays messages, and leaves the builds as they are", async () => {
    const statuses = () => messages.splice(0).map(({ attributes }) => attributes["status"]);
    server.faults.set("lose-events");
    await run({ steps: [step] });
    expect(statuses()).to.deep.equal([]);
    server.faults.clear("lose-events");
    server.faults.set("repeat-events", { times: 1 });
    await run({ steps: [step] });
    expect(statuses()).to.deep.equal(["QUEUED", "QUEUED", "WORKING", "WORKING", "SUCCESS", "SUCCESS"]);
    server.faults.clear();
    server.faults.set("reorder-events");
    await run({ steps: [step] });
    expect(statuses()).to.deep.equal(["SUCCESS", "WORKING", "QUEUED"]);
    server.faults.clear();
    server.faults.set("delay-events", { ms: 60 });
    const delayed = await run({ steps: [step] });
    const due = Number(delayed.createTime?.seconds) * 1000 + Number(delayed.createTime?.nanos) / 1e6 + 55;
    while (messages.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(Date.now()).to.be.at.least(due);
    expect(statuses()).to.deep.equal(["QUEUED", "WORKING", "SUCCESS"]);
  });

  it("accepts a build whose answer is lost, and turns builds away while its queue is full", async () => {
    server.faults.set("queue-full", { count: 1 });
    expect((await refusal({ steps: [step] })).code).to.equal(8);
    server.faults.set("create-times-out-but-accepted", { count: 1 });
    expect((await refusal({ steps: [step], tags: ["lost"] })).code).to.equal(4);
    const [builds] = await client.listBuilds({ projectId, filter: 'tags="lost"' });
    expect(builds).to.have.length(1);
  });

  it("switches faults over HTTP", async () => {
    const url = `http://127.0.0.1:${server.http.port}/_cloud/build/faults`;
    const post = (body: object) => fetch(url, { method: "POST", body: JSON.stringify(body) });
    expect((await post({ name: "nonsense" })).status).to.equal(400);
    expect(await (await post({ name: "build-fails", count: 1 })).json()).to.deep.equal({
      on: { "build-fails": { count: 1 } },
    });
    expect((await run({ steps: [step] })).status).to.equal("FAILURE");
    expect((await run({ steps: [step] })).status).to.equal("SUCCESS");
    await post({ name: "image-missing-after-success" });
    await fetch(url, { method: "DELETE" });
    expect(server.faults.list()).to.deep.equal({});
  });

  it("answers with a digest whose image is gone when told to", async () => {
    const revision = await commit({ Dockerfile: dockerfile, "server.mjs": "gone" });
    server.faults.set("image-missing-after-success", { count: 1 });
    const build = await run(dockerBuild(revision));
    expect(build.status).to.equal("SUCCESS");
    expect(await images.resolve(`${image}@${build.results?.images?.[0]?.digest}`)).to.equal(null);
  });

  it("keeps its builds over a restart and plays an unfinished one again under its id", async () => {
    await stop();
    const stateDirectory = join(directory, "state");
    await start({ stateDirectory });
    const finished = await run({ steps: [step] });
    server.faults.set("build-never-ends", { count: 1 });
    const id = await create({ steps: [step] });
    await stop();
    await start({ stateDirectory });
    expect((await end(finished.id ?? "")).status).to.equal("SUCCESS");
    expect((await end(id)).status).to.equal("SUCCESS");
    expect(await server.logs(id)).to.include("begins it again");
  });
});
