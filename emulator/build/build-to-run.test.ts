import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CloudBuildClient } from "@google-cloud/cloudbuild";
import { ServicesClient } from "@google-cloud/run";
import { credentials } from "@grpc/grpc-js";
import { expect } from "chai";
import { parse } from "yaml";
import { createDemoRepository } from "../git/demo-repository.ts";
import { type GitServer, startGit } from "../git/start-git.ts";
import { openImageStore } from "../images/image-store.ts";
import { type CloudRun, startCloudRun } from "../run/cloud-run.ts";
import { type CloudBuildServer, startCloudBuild } from "./start-cloud-build.ts";

process.env["METADATA_SERVER_DETECTION"] = "none";

describe("the local cloud, from a commit to an answer", () => {
  const projectId = "perkieprints-processing";
  let directory: string;
  let remote: GitServer;
  let build: CloudBuildServer;
  let run: CloudRun;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gantry-cloud-"));
    const images = await openImageStore(join(directory, "images"));
    remote = await startGit({ root: join(directory, "git"), webhook: () => null });
    build = await startCloudBuild({ images, publish: async () => undefined });
    run = await startCloudRun({ images });
  });
  after(async () => {
    await Promise.all([remote.close(), build.close(), run.close()]);
    await rm(directory, { recursive: true });
  });

  it("fetches a pushed tag over HTTP, builds it with the example's own file, and serves it by digest", async () => {
    const demo = await createDemoRepository({
      gitRoot: join(directory, "git"),
      cloneDirectory: join(directory, "clone"),
    });
    const push = ["-C", demo.cloneDirectory, "push", "--quiet", demo.bareDirectory, "v1.8.0"];
    await promisify(execFile)("git", push);
    const commit = demo.tags.find(({ tag }) => tag === "v1.8.0")?.commit ?? "";
    const file = `${remote.url}/repos/${demo.repository}/contents/backend/inspirenet-api/cloudbuild-nocache.yaml?ref=${commit}`;
    const text = await (await fetch(file, { headers: { accept: "application/vnd.github.raw+json" } })).text();
    const { timeout: _, steps, images, options } = parse(text);
    const server = { apiEndpoint: "127.0.0.1", sslCreds: credentials.createInsecure(), projectId };
    const builds = new CloudBuildClient({ ...server, port: build.grpc.port });
    const [operation] = await builds.createBuild({
      projectId,
      build: {
        source: { gitSource: { url: remote.cloneUrl(demo.repository), revision: commit } },
        steps: steps.map((step: { timeout: string }) => ({
          ...step,
          timeout: { seconds: Number.parseInt(step.timeout, 10) },
        })),
        images,
        options,
        substitutions: {
          _IMAGE: "h-docker.pkg.dev/p/r/app",
          _TAG: "v1.8.0",
          _DIRECTORY: "backend/inspirenet-api",
          COMMIT_SHA: commit,
        },
      },
    });
    const [done] = await operation.promise();
    await builds.close();
    const digest = done.results?.images?.[0]?.digest;
    const services = new ServicesClient({ ...server, port: run.grpc.port });
    const parent = `projects/${projectId}/locations/us-central1`;
    const template = { containers: [{ image: `h-docker.pkg.dev/p/r/app@${digest}` }] };
    const [created] = await services.createService({ parent, serviceId: "app", service: { template } });
    await created.promise();
    const [service] = await services.getService({ name: `${parent}/services/app` });
    await services.close();
    const url = `http://127.0.0.1:${run.proxy.port}/_run/${projectId}/us-central1/app/health`;
    expect(await (await fetch(url)).json()).to.include({
      version: "1.8.0",
      revision: service.latestReadyRevision?.split("/").at(-1),
    });
  });
});
