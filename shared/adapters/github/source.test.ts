import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { type GitServer, startGit } from "../../../emulator/git/start-git.ts";
import { commitSha, tagName } from "../../../test/support/fixtures.ts";
import { AppError } from "../../ports/app-error.ts";
import type { SourcePort } from "../../ports/source.ts";
import { createGitHubSource, type GitHubSourceOptions } from "./source.ts";

const repository = "perkie/background-removal";
const [commit, tagObject] = [commitSha("c0ffee"), commitSha("7a9")];

type Reply = Readonly<{ status?: number; body?: unknown; headers?: Record<string, string> }>;

describe("createGitHubSource()", () => {
  const servers: Server[] = [];
  let asked: IncomingMessage[] = [];

  afterEach(async () => {
    asked = [];
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  });

  async function listen(listener: RequestListener): Promise<string> {
    const server = createServer((request, response) => {
      asked.push(request);
      listener(request, response);
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** A GitHub that answers these paths and 404 to others; a list is answered one by one, the last for ever. */
  async function github(
    replies: Readonly<Record<string, Reply | readonly Reply[]>>,
    more: Partial<GitHubSourceOptions> = {},
  ): Promise<SourcePort> {
    const baseUrl = await listen((request, response) => {
      const found = replies[request.url ?? ""] ?? {
        status: 404,
        body: { message: "Not Found", status: "404" },
      };
      const turn = asked.filter(({ url }) => url === request.url).length - 1;
      const list = Array.isArray(found) ? (found as readonly Reply[]) : [found as Reply];
      const { status = 200, body = {}, headers = {} } = list[Math.min(turn, list.length - 1)] ?? {};
      const type = { "content-type": "application/json; charset=utf-8" };
      response.writeHead(status, { ...type, ...headers });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
    return sourceAt(baseUrl, more);
  }

  const sourceAt = (baseUrl: string, more: Partial<GitHubSourceOptions> = {}): SourcePort =>
    createGitHubSource({
      baseUrl,
      cloneBase: "https://github.com/",
      token: () => "ghp_secret",
      retryAfterMs: 1,
      ...more,
    });

  const refPath = `/repos/${repository}/git/ref/tags/v1.0.0`;
  const ref = (type: string, sha: string): Reply => ({
    body: { ref: "refs/tags/v1.0.0", node_id: "x", url: "x", object: { type, sha, url: "x" } },
  });
  const tagged = (type: string, sha: string): Reply => ({
    body: {
      node_id: "x",
      tag: "v1.0.0",
      sha: tagObject,
      message: "v1.0.0\n",
      object: { type, sha, url: "x" },
    },
  });
  const resolve = (source: SourcePort, tag = tagName()): Promise<string | null> =>
    source.resolveTag({ repository, tag });
  const read = (source: SourcePort, path = "gantry.yaml"): Promise<string | null> =>
    source.readFile({ repository, commit, path });

  async function errorOf(promise: Promise<unknown>): Promise<AppError> {
    const error: unknown = await promise.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof AppError)) throw new Error(`expected an AppError, got ${String(error)}`);
    return error;
  }

  describe("resolveTag()", () => {
    it("gives the commit of a lightweight tag, asking as GitHub wants to be asked", async () => {
      expect(await resolve(await github({ [refPath]: ref("commit", commit) }))).to.equal(commit);
      expect(asked[0]?.headers).to.include({
        accept: "application/vnd.github+json",
        authorization: "Bearer ghp_secret",
        "user-agent": "gantry",
        "x-github-api-version": "2022-11-28",
      });
    });

    it("follows annotated tags, and tags of tags", async () => {
      const inner = commitSha("7aa");
      const source = await github({
        [refPath]: ref("tag", tagObject),
        [`/repos/${repository}/git/tags/${tagObject}`]: tagged("tag", inner),
        [`/repos/${repository}/git/tags/${inner}`]: tagged("commit", commit),
      });
      expect(await resolve(source)).to.equal(commit);
    });

    it("gives null for no tag, a tag of a tree, a circle of tags, and a list of like names", async () => {
      expect(await resolve(await github({}))).to.equal(null);
      expect(await resolve(await github({ [refPath]: ref("tree", commit) }))).to.equal(null);
      const circle = { [`/repos/${repository}/git/tags/${tagObject}`]: tagged("tag", tagObject) };
      expect(await resolve(await github({ [refPath]: ref("tag", tagObject), ...circle }))).to.equal(null);
      expect(asked.length).to.be.below(10);
      expect(await resolve(await github({ [refPath]: { body: [ref("commit", commit).body] } }))).to.equal(
        null,
      );
    });

    it("escapes a tag with a slash and a plus", async () => {
      const path = `/repos/${repository}/git/ref/tags/api/v1.0.0%2B5`;
      const source = await github({ [path]: ref("commit", commit) });
      expect(await resolve(source, tagName("api/v1.0.0+5"))).to.equal(commit);
    });

    it("calls an answer that is not GitHub's transient", async () => {
      const source = await github({ [refPath]: { body: "<html>captive portal</html>" } });
      expect(await errorOf(resolve(source))).to.include({ code: "source-unavailable", transient: true });
    });
  });

  describe("readFile()", () => {
    const filePath = `/repos/${repository}/contents/gantry.yaml?ref=${commit}`;
    const type = { "content-type": "application/vnd.github.raw+json; charset=utf-8" };

    it("gives the raw text at the commit", async () => {
      const source = await github({ [filePath]: { body: "version: 1 # ü\n", headers: type } });
      expect(await read(source)).to.equal("version: 1 # ü\n");
      expect(asked[0]?.headers.accept).to.equal("application/vnd.github.raw+json");
    });

    it("gives null for no file, no commit, a directory, and paths that lead nowhere", async () => {
      const source = await github({ [filePath]: { body: [{ type: "file", name: "x" }] } });
      expect(await read(source)).to.equal(null);
      expect(await read(source, "other.yaml")).to.equal(null);
      const before = asked.length;
      const nowhere = await Promise.all(
        ["../x", "a//b", "/a", "", "a/./b"].map((path) => read(source, path)),
      );
      expect(nowhere).to.deep.equal([null, null, null, null, null]);
      expect(asked).to.have.length(before);
    });

    it("escapes what a URL would read as more than a path", async () => {
      const path = `/repos/${repository}/contents/a%20b/c%3Fd%23e%25.yaml?ref=${commit}`;
      const source = await github({ [path]: { body: "x", headers: type } });
      expect(await read(source, "a b/c?d#e%.yaml")).to.equal("x");
    });

    it("takes 1 MiB and refuses more, without reading it all", async () => {
      const whole = await github({ [filePath]: { body: "x".repeat(1_048_576), headers: type } });
      expect(await read(whole)).to.have.length(1_048_576);
      const endless = await listen((_, response) => {
        response.writeHead(200, type);
        const more = (): void => {
          while (!response.destroyed && response.write("x".repeat(65_536)));
        };
        response.on("drain", more);
        more();
      });
      const error = await errorOf(read(sourceAt(endless)));
      expect(error).to.include({ code: "source-too-large", transient: false });
    });

    it("calls a file that GitHub itself finds too large the same", async () => {
      const body = {
        message: "This API returns blobs up to 100 MB in size.",
        errors: [{ code: "too_large" }],
      };
      const source = await github({ [filePath]: { status: 403, body } });
      expect((await errorOf(read(source))).code).to.equal("source-too-large");
    });
  });

  describe("committedAt()", () => {
    const path = `/repos/${repository}/git/commits/${commit}`;
    it("is the committer's date, and null for 404, 409 and 422", async () => {
      const at = async (reply: Reply): Promise<number | null> =>
        (await github({ [path]: reply })).committedAt({ repository, commit });
      const body = { sha: commit, committer: { name: "ada", date: "2026-01-05T09:00:00Z" } };
      expect(await at({ body })).to.equal(Date.UTC(2026, 0, 5, 9));
      for (const status of [404, 409, 422]) expect(await at({ status })).to.equal(null);
      expect(await errorOf(at({ body: {} }))).to.include({ code: "source-unavailable" });
    });
  });

  describe("listTags()", () => {
    const path = `/repos/${repository}/git/matching-refs/tags/`;
    const entry = (name: string, sha: string) => ({
      ref: `refs/tags/${name}`,
      node_id: "x",
      url: "x",
      object: { type: "commit", sha, url: "x" },
    });

    it("gives every tag with what it names, and what to ask with the next time", async () => {
      const body = [entry("v1.0.0", commit), entry("api/v2", tagObject)];
      const source = await github({ [path]: { body, headers: { etag: '"abc"' } } });
      expect(await source.listTags({ repository, etag: null })).to.deep.equal({
        tags: [
          { name: "v1.0.0", object: commit },
          { name: "api/v2", object: tagObject },
        ],
        etag: '"abc"',
      });
      expect(asked[0]?.headers["if-none-match"]).to.equal(undefined);
    });

    it("asks on condition, and says that nothing changed", async () => {
      const source = await github({ [path]: { status: 304, body: "" } });
      expect(await source.listTags({ repository, etag: '"abc"' })).to.equal("unchanged");
      expect(asked[0]?.headers["if-none-match"]).to.equal('"abc"');
    });

    it("reads every page, and then has no etag, because the first page alone cannot tell", async () => {
      const more = `${path}?page=2`;
      const base = await listen((request, response) => {
        const isFirst = request.url === path;
        const link = `<${`http://${request.headers.host}`}${more}>; rel="next"`;
        response.writeHead(200, { etag: '"abc"', ...(isFirst ? { link } : {}) });
        response.end(JSON.stringify([entry(isFirst ? "v1.0.0" : "v1.1.0", commit)]));
      });
      const list = await sourceAt(base).listTags({ repository, etag: null });
      expect(list).to.deep.equal({
        tags: ["v1.0.0", "v1.1.0"].map((name) => ({ name, object: commit })),
        etag: null,
      });
    });

    it("reads further pages with the repository's own token, though GitHub names it by its number there", async () => {
      const more = "/repositories/1296269/git/matching-refs/tags/?page=2";
      const whose: string[] = [];
      const base = await listen((request, response) => {
        const isFirst = request.url === path;
        const link = `<http://${request.headers.host}${more}>; rel="next"`;
        response.writeHead(asked.length === 2 ? 401 : 200, isFirst ? { link } : {});
        response.end(JSON.stringify([entry(isFirst ? "v1.0.0" : "v1.1.0", commit)]));
      });
      const token = (name: string): string => {
        whose.push(`token ${name}`);
        return "ghs_secret";
      };
      const renew = (name: string): void => void whose.push(`renewed ${name}`);
      const list = await sourceAt(base, { token, renew }).listTags({ repository, etag: null });
      expect(list).to.have.nested.property("tags.length", 2);
      expect(asked.map(({ url }) => url)).to.deep.equal([path, more, more]);
      const tokens = [`token ${repository}`, `token ${repository}`];
      expect(whose).to.deep.equal([...tokens, `renewed ${repository}`, `token ${repository}`]);
    });

    it("follows no page elsewhere, for the token would go there", async () => {
      const link = '<https://evil.test/repos?page=2>; rel="next"';
      const source = await github({ [path]: { body: [], headers: { link, etag: '"abc"' } } });
      expect(await source.listTags({ repository, etag: null })).to.deep.equal({ tags: [], etag: '"abc"' });
      expect(asked).to.have.length(1);
    });

    it("gives null for a repository that is not there, and an empty one", async () => {
      expect(await (await github({})).listTags({ repository, etag: null })).to.equal(null);
      const empty = await github({ [path]: { status: 409, body: { message: "Git Repository is empty." } } });
      expect(await empty.listTags({ repository, etag: null })).to.equal(null);
    });
  });

  describe("isOnBranch()", () => {
    const head = commitSha("4ead");
    const on = async (status: string | null): Promise<boolean> => {
      const compare = `/repos/${repository}/compare/${head}...${commit}?per_page=1&page=2`;
      const source = await github({
        [`/repos/${repository}/git/ref/heads/release/1.x`]: ref("commit", head),
        ...(status === null ? {} : { [compare]: { body: { status, commits: [], files: [] } } }),
      });
      return source.isOnBranch({ repository, commit, branch: "release/1.x" });
    };

    it("is true for what the branch's head has behind it, and false for all else", async () => {
      const table = { behind: true, identical: true, ahead: false, diverged: false };
      for (const [status, expected] of Object.entries(table)) expect(await on(status)).to.equal(expected);
      expect(await on(null)).to.equal(false);
      const gone = await github({});
      expect(await gone.isOnBranch({ repository, commit, branch: "main" })).to.equal(false);
    });
  });

  describe("its errors", () => {
    const failing = async (...replies: Reply[]): Promise<AppError> =>
      errorOf(resolve(await github({ [refPath]: replies })));

    it("say what to do about 401 and 403, and are not tried again", async () => {
      const bad = await failing({ status: 401, body: { message: "Bad credentials" } });
      expect(bad).to.include({ code: "source-denied", transient: false });
      expect(bad.message).to.include("Bad credentials").and.to.include("token");
      expect(asked).to.have.length(1);
      const forbidden = await failing({ status: 403, body: { message: "Resource not accessible" } });
      expect(forbidden.message).to.include("read access");
      const anonymous = await github({ [refPath]: { status: 403 } }, { token: () => null });
      expect((await errorOf(resolve(anonymous))).message).to.include("Give Gantry a token");
      expect(asked.at(-1)?.headers.authorization).to.equal(undefined);
    });

    it("tell how long a rate limit lasts, and do not try again before", async () => {
      const reset = String(Math.floor(Date.now() / 1000) + 120);
      const limits: readonly [Reply, number, number][] = [
        [{ status: 403, headers: { "retry-after": "30" } }, 30_000, 30_000],
        [{ status: 429, headers: { "retry-after": "7" } }, 7_000, 7_000],
        [
          { status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset } },
          110_000,
          120_000,
        ],
        [{ status: 403, body: { message: "You have exceeded a secondary rate limit." } }, 60_000, 60_000],
      ];
      for (const [reply, least, most] of limits) {
        asked = [];
        const error = await failing(reply);
        expect(error).to.include({ code: "source-unavailable", transient: true });
        expect(error.context["retryAfterMs"]).to.be.within(least, most);
        expect(asked).to.have.length(1);
      }
    });

    it("are tried again a few times where they may pass", async () => {
      const source = await github({ [refPath]: [{ status: 502 }, { status: 503 }, ref("commit", commit)] });
      expect(await resolve(source)).to.equal(commit);
      const down = await failing({ status: 500, body: "<html>" });
      expect(down).to.include({ code: "source-unavailable", transient: true });
      expect(asked).to.have.length(6);
    });

    it("are transient when nobody answers, in time or at all", async () => {
      const silent = await listen(() => undefined);
      const late = await errorOf(resolve(sourceAt(silent, { timeoutMs: 50, retries: 0 })));
      expect(late).to.include({ transient: true, message: "GitHub did not answer in time." });
      const gone = await errorOf(resolve(sourceAt("http://127.0.0.1:1", { retries: 1 })));
      expect(gone).to.include({ transient: true, message: "GitHub cannot be reached." });
    });

    it("never hold the token", async () => {
      const error = await failing({ status: 401 });
      expect(JSON.stringify([error.message, error.context, String(error.cause)])).not.to.include(
        "ghp_secret",
      );
    });

    it("refuse what is not owner/name", async () => {
      const source = await github({});
      for (const wrong of ["perkie", "../..", "a/b/c", "a/b?x", "a b/c", "a/.."]) {
        const promise = source.resolveTag({ repository: wrong, tag: tagName() });
        expect((await errorOf(promise)).code).to.equal("source-denied");
      }
      expect(asked).to.deep.equal([]);
    });
  });

  it("names where to clone from", async () => {
    expect((await github({})).cloneUrl(repository)).to.equal(`https://github.com/${repository}.git`);
  });
});

describe("createGitHubSource() with the local git remote", () => {
  let directory: string;
  let remote: GitServer;
  let source: SourcePort;
  let head: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gantry-source-"));
    remote = await startGit({
      root: join(directory, "git"),
      webhook: () => null,
      repositories: [repository],
    });
    const clone = join(directory, "clone");
    const git = async (...words: string[]): Promise<string> => {
      const identity = ["-c", "user.name=t", "-c", "user.email=t@t.test"];
      const { stdout } = await promisify(execFile)("git", ["-C", clone, ...identity, ...words]);
      return stdout.trim();
    };
    await mkdir(join(clone, "a b"), { recursive: true });
    await writeFile(join(clone, "gantry.yaml"), "version: 1\n");
    await writeFile(join(clone, "a b", "c#d.txt"), "x\n");
    await git("init", "-q", "--initial-branch=main");
    await git("add", ".");
    await git("commit", "-qm", "one");
    await git("tag", "v1.0.0");
    await git("tag", "-a", "api/v1.0.0+5", "-m", "annotated");
    await git("commit", "-qm", "two", "--allow-empty");
    await git("checkout", "-qb", "topic");
    await git("commit", "-qm", "three", "--allow-empty");
    await git("tag", "v3.0.0");
    await git("tag", "topic-2");
    await git("push", "-q", await remote.ensureRepository(repository), "main", "topic", "--tags");
    head = await git("rev-parse", "v1.0.0");
    source = createGitHubSource({ baseUrl: remote.url, cloneBase: remote.url, token: () => null });
  });

  after(async () => {
    await remote.close();
    await rm(directory, { recursive: true, force: true });
  });

  it("resolves tags, plain and annotated", async () => {
    expect(await source.resolveTag({ repository, tag: tagName() })).to.equal(head);
    expect(await source.resolveTag({ repository, tag: tagName("api/v1.0.0+5") })).to.equal(head);
    expect(await source.resolveTag({ repository, tag: tagName("v2.0.0") })).to.equal(null);
  });

  it("reads files at the commit", async () => {
    const commit = (await source.resolveTag({ repository, tag: tagName() })) ?? commitSha();
    expect(await source.readFile({ repository, commit, path: "gantry.yaml" })).to.equal("version: 1\n");
    expect(await source.readFile({ repository, commit, path: "a b/c#d.txt" })).to.equal("x\n");
    expect(await source.readFile({ repository, commit, path: "a b" })).to.equal(null);
    expect(await source.readFile({ repository, commit: commitSha("dead"), path: "gantry.yaml" })).to.equal(
      null,
    );
  });

  it("tells whether a commit is on a branch, whatever tag has the branch's name", async () => {
    const on = async (tag: string, branch: string): Promise<boolean> => {
      const commit = (await source.resolveTag({ repository, tag: tagName(tag) })) ?? commitSha();
      return source.isOnBranch({ repository, commit, branch });
    };
    expect(await on("v1.0.0", "main")).to.equal(true);
    expect(await on("v3.0.0", "main")).to.equal(false);
    expect(await on("v3.0.0", "topic")).to.equal(true);
    expect(await on("v3.0.0", "topic-2")).to.equal(false);
    expect(await on("v1.0.0", "../tags/v1.0.0")).to.equal(false);
    expect(await on("no-such-tag", "main")).to.equal(false);
  });

  it("tells commits that exist from those that do not, and names where to clone from", async () => {
    const commit = (await source.resolveTag({ repository, tag: tagName() })) ?? commitSha();
    expect(await source.committedAt({ repository, commit })).to.be.within(
      Date.now() - 60_000,
      Date.now() + 1,
    );
    expect(await source.committedAt({ repository, commit: commitSha("dead") })).to.equal(null);
    expect(source.cloneUrl(repository)).to.equal(remote.cloneUrl(repository));
  });
});
