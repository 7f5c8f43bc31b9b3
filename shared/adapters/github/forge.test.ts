import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createDemoRepository } from "../../../emulator/git/demo-repository.ts";
import { git } from "../../../emulator/git/git-command.ts";
import { type GitServer, startGit } from "../../../emulator/git/start-git.ts";
import { releaseId } from "../../../test/support/fixtures.ts";
import { type CommitSha, parseCommitSha } from "../../domain/ids.ts";
import { AppError } from "../../ports/app-error.ts";
import { createGitHubForge } from "./forge.ts";

const repository = "perkie/background-removal";
const environment = "gantry-test/europe-west1/background-removal";

describe("createGitHubForge()", () => {
  let folder: string;
  let remote: GitServer;
  let commit: CommitSha;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "gantry-forge-"));
    remote = await startGit({ root: join(folder, "git"), webhook: () => null });
    const demo = await createDemoRepository({
      gitRoot: join(folder, "git"),
      cloneDirectory: join(folder, "clone"),
      remoteUrl: remote.cloneUrl(repository),
    });
    const head = parseCommitSha((await git(demo.cloneDirectory, "rev-parse", "HEAD")).trim());
    if (head === null) throw new Error("the demo has no head");
    await git(demo.cloneDirectory, "push", "--quiet", remote.cloneUrl(repository), "HEAD:refs/heads/main");
    commit = head;
  });
  after(async () => {
    await remote.close();
    await rm(folder, { recursive: true });
  });

  const forge = () => createGitHubForge({ baseUrl: remote.url, token: () => "ghp_test" });
  const signal = AbortSignal.timeout(20_000);
  const read = async (path: string): Promise<Record<string, unknown>[]> =>
    (await fetch(`${remote.url}/repos/${repository}${path}`)).json() as Promise<Record<string, unknown>[]>;
  const deployment = (mayExist: boolean, release = "release-1") => ({
    repository,
    commit,
    release: releaseId(release),
    environment,
    description: "v1.0.0 is being built",
    mayExist,
    signal,
  });

  it("opens a deployment that merges nothing and waits for no checks, and finds it again by its release", async () => {
    const id = await forge().openDeployment(deployment(false));
    expect(await forge().openDeployment(deployment(true))).to.equal(id);
    const second = await forge().openDeployment(deployment(true, "release-2"));
    expect(second).to.not.equal(id);
    const [newest, oldest] = await read("/deployments");
    expect(newest?.["id"]).to.equal(Number(second));
    expect(oldest).to.deep.include({
      sha: commit,
      environment,
      auto_merge: false,
      required_contexts: [],
      production_environment: true,
      payload: { release: "release-1" },
    });
  });

  it("tells deployments and commits with links, and leaves other deployments alone", async () => {
    const id = await forge().openDeployment(deployment(false, "release-3"));
    const words = { repository, deployment: id, description: "v1.0.0 is live", signal };
    const logUrl = "https://gantry.test/releases/release-3";
    await forge().tellDeployment({ ...words, state: "in_progress", logUrl, environmentUrl: null });
    await forge().tellDeployment({ ...words, state: "success", logUrl, environmentUrl: "https://api.test" });
    const [success, progress] = await read(`/deployments/${id}/statuses`);
    expect(success).to.deep.include({
      state: "success",
      log_url: logUrl,
      environment_url: "https://api.test",
      auto_inactive: false,
    });
    expect(progress).to.include({ state: "in_progress", environment_url: "" });
    const context = "gantry/background-removal";
    const said = { repository, commit, context, description: "v1.0.0 is live", url: logUrl, signal };
    await forge().tellCommit({ ...said, state: "success" });
    const [status] = await read(`/commits/${commit}/statuses`);
    expect(status).to.include({ state: "success", context, target_url: logUrl });
  });

  it("says which right is missing, and what may pass", async () => {
    const answers = [403, 404, 503];
    const server = createServer((_, response) => {
      response.writeHead(answers.shift() ?? 500, { "content-type": "application/json" });
      response.end('{"message":"Resource not accessible by integration"}');
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const denied = createGitHubForge({ baseUrl, token: () => "ghp_test" });
    const errorOf = async (): Promise<AppError> => {
      const error: unknown = await denied
        .openDeployment(deployment(false))
        .catch((thrown: unknown) => thrown);
      if (!(error instanceof AppError)) throw new Error(String(error));
      return error;
    };
    try {
      for (const _ of [403, 404]) {
        const error = await errorOf();
        expect(error).to.include({ code: "source-denied", transient: false });
        expect(error.message).to.include("write access to deployments");
      }
      expect(await errorOf()).to.include({ code: "source-unavailable", transient: true });
      const bad = denied.tellCommit({
        repository: "../x",
        commit,
        context: "c",
        state: "success",
        description: "",
        url: "",
        signal,
      });
      expect(await bad.catch((error: unknown) => error)).to.include({ code: "source-denied" });
    } finally {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  });
});
