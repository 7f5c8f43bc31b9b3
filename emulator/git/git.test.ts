import { execFile, execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type GitServer, startGit } from "./start-git.ts";
import { webhookHeaders } from "./webhook-delivery.ts";

type Received = { headers: IncomingHttpHeaders; raw: string; body: Json };

/** Whatever JSON holds: the tests say by what they expect of it. */
type Json = ReturnType<typeof JSON.parse>;

const repository = "perkie/background-removal";
const secret = "s3cret";

describe("the local git remote", () => {
  let directory: string;
  let clone: string;
  let remote: GitServer;
  let hook: Server;
  let received: Received[];
  let answer: { status: number; body: string };

  const git = (...words: string[]) =>
    execFileSync("git", ["-C", clone, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", ...words], {
      encoding: "utf8",
      stdio: "pipe",
    }).trim();
  /** Pushes and answers what git showed to the pusher. */
  const push = (...words: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile("git", ["-C", clone, "push", ...words], { encoding: "utf8" }, (error, _stdout, stderr) => {
        if (error === null) resolve(stderr);
        else reject(error);
      });
    });
  const commit = async (name: string, content: string): Promise<string> => {
    await writeFile(join(clone, name), content);
    git("add", "-A");
    git("commit", "-q", "-m", `change ${name}`);
    return git("rev-parse", "HEAD");
  };
  const api = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${remote.url}/repos/${repository}${path}`, init);
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
  };
  const post = (path: string, body: object) => api(path, { method: "POST", body: JSON.stringify(body) });
  const events = (name: string) => received.filter(({ headers }) => headers["x-github-event"] === name);

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gantry-git-"));
    hook = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const raw = Buffer.concat(chunks).toString();
        received.push({ headers: request.headers, raw, body: JSON.parse(raw) });
        response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hooks/github`;
    remote = await startGit({
      root: join(directory, "git"),
      webhook: () => ({ url, secret }),
      repositories: [repository],
    });
    clone = join(directory, "clone");
    execFileSync("git", ["init", "-q", "--initial-branch=main", clone]);
    git("remote", "add", "gantry", await remote.ensureRepository(repository));
    git("remote", "add", "http", remote.cloneUrl(repository));
  });
  after(async () => {
    await remote.close();
    await new Promise((resolve) => hook.close(resolve));
    await rm(directory, { recursive: true });
  });
  beforeEach(() => {
    received = [];
    answer = { status: 202, body: '{"message":"release v1 queued"}' };
    remote.faults.clear();
  });

  it("knows its repositories by the names that connections give them", async () => {
    const connection = "projects/p/locations/us-west1/connections/github/repositories";
    expect(await remote.connectedUrl(`${connection}/${repository.replace("/", "-")}`)).to.equal(
      remote.cloneUrl(repository),
    );
    expect(await remote.connectedUrl(`${connection}/nobody-nothing`)).to.equal(null);
  });

  it("sends a signed push event for a branch, with its commits", async () => {
    const first = await commit("a.txt", "1");
    const second = await commit("a.txt", "2");
    expect(await push("gantry", "main")).to.include("remote: main: release v1 queued");
    const [event] = events("push");
    expect(event?.headers["x-hub-signature-256"]).to.equal(
      `sha256=${createHmac("sha256", secret)
        .update(event?.raw ?? "")
        .digest("hex")}`,
    );
    expect(event?.headers["user-agent"]).to.match(/^GitHub-Hookshot\//);
    expect(event?.headers["x-github-delivery"]).to.match(/^[0-9a-f-]{36}$/);
    expect(event?.body).to.include({
      ref: "refs/heads/main",
      after: second,
      created: true,
      deleted: false,
      forced: false,
    });
    expect(event?.body.commits.map(({ id }: { id: string }) => id)).to.deep.equal([first, second]);
    expect(event?.body.head_commit).to.deep.include({
      id: second,
      message: "change a.txt",
      modified: ["a.txt"],
    });
    expect(event?.body.repository).to.include({
      full_name: repository,
      clone_url: remote.cloneUrl(repository),
    });
    expect(event?.body.pusher).to.have.property("name");
  });

  it("tells who pushes the answer as it is where it has no sentence, and in one plain line where it has", async () => {
    answer = { status: 202, body: '{"queued":true}' };
    expect(await push("gantry", "main:other")).to.include(
      'remote: other: Gantry answered 202: {"queued":true}',
    );
    answer = { status: 202, body: JSON.stringify({ message: "taken\n\u001b[31mup" }) };
    expect(await push("gantry", "main:another")).to.include("remote: another: taken [31mup");
    await push("gantry", ":other", ":another");
  });

  it("sends push and create for a tag; for an annotated one `after` is the tag object", async () => {
    const head = git("rev-parse", "HEAD");
    git("tag", "v1.0.0");
    git("tag", "-a", "v1.1.0", "-m", "one");
    await push("gantry", "v1.0.0", "v1.1.0");
    const pushes = new Map(events("push").map(({ body }) => [body.ref, body]));
    expect(pushes.get("refs/tags/v1.0.0")).to.include({
      after: head,
      base_ref: "refs/heads/main",
      before: "0".repeat(40),
    });
    expect(pushes.get("refs/tags/v1.1.0")).to.include({ after: git("rev-parse", "v1.1.0") });
    expect(pushes.get("refs/tags/v1.1.0")?.head_commit.id).to.equal(head);
    expect(events("create").map(({ body }) => [body.ref_type, body.ref])).to.have.deep.members([
      ["tag", "v1.0.0"],
      ["tag", "v1.1.0"],
    ]);
  });

  it("takes pushes over HTTP, and tells of moved and deleted tags", async () => {
    const moved = await commit("b.txt", "1");
    git("tag", "-f", "v1.0.0");
    await push("http", "main");
    await push("--force", "http", "v1.0.0");
    expect(events("push").at(-1)?.body).to.include({
      ref: "refs/tags/v1.0.0",
      after: moved,
      created: false,
      forced: false,
    });
    git("checkout", "-q", "--detach", "HEAD~1");
    const sideways = await commit("c.txt", "1");
    git("tag", "-f", "v1.0.0");
    await push("--force", "http", "v1.0.0");
    expect(events("push").at(-1)?.body).to.include({ after: sideways, forced: true });
    await push("http", ":v1.0.0");
    expect(events("push").at(-1)?.body).to.include({
      deleted: true,
      after: "0".repeat(40),
      head_commit: null,
    });
    git("checkout", "-q", "main");
  });

  it("sends nothing when more than three tags are pushed at once, as GitHub does", async () => {
    for (const name of ["w1", "w2", "w3", "w4"]) git("tag", name);
    expect(await push("gantry", "w1", "w2", "w3", "w4")).to.include("4 tags at once");
    expect(received).to.deep.equal([]);
  });

  it("shows its deliveries and redelivers one by hand under the same id", async () => {
    remote.faults.set("lose-webhooks", { count: 2 });
    git("tag", "lost");
    await push("gantry", "lost");
    expect(received).to.deep.equal([]);
    const { body: deliveries } = await api("/hooks/1/deliveries");
    const lost = deliveries.find(({ event }: { event: string }) => event === "push");
    expect(lost).to.include({ redelivery: false, status_code: 502 });
    expect((await post(`/hooks/1/deliveries/${lost.id}/attempts`, {})).status).to.equal(202);
    expect(received[0]?.headers["x-github-delivery"]).to.equal(lost.guid);
    expect((await api(`/hooks/1/deliveries/${lost.id}`)).body.request.payload.ref).to.equal("refs/tags/lost");
    expect((await post("/hooks/1/deliveries/1/attempts", {})).status).to.equal(404);
  });

  it("repeats a webhook under one id, and signs wrongly when told to", async () => {
    remote.faults.set("repeat-webhooks", { count: 1, times: 1 });
    git("tag", "twice");
    await push("gantry", "twice");
    const ids = received.map(({ headers }) => headers["x-github-delivery"]);
    expect([ids.length, new Set(ids).size]).to.deep.equal([3, 2]);
    remote.faults.set("bad-signature");
    git("tag", "forged");
    answer = { status: 401, body: "no" };
    expect(await push("gantry", "forged")).to.include("forged: Gantry answered 401: no");
    const forged = received.at(-1);
    expect(forged?.headers["x-hub-signature-256"]).to.not.equal(
      `sha256=${createHmac("sha256", secret)
        .update(forged?.raw ?? "")
        .digest("hex")}`,
    );
  });

  it("reads files at a commit, as object and raw, and answers 404 and 422 as GitHub does", async () => {
    const sha = await commit("gantry.yaml", "version: 1\n# größer\n");
    await push("gantry", "main");
    const { body } = await api(`/contents/gantry.yaml?ref=${sha}`);
    expect(body).to.include({ type: "file", encoding: "base64", path: "gantry.yaml" });
    expect(Buffer.from(body.content, "base64").toString()).to.equal("version: 1\n# größer\n");
    const raw = await fetch(body.url, { headers: { accept: "application/vnd.github.raw+json" } });
    expect(await raw.text()).to.equal("version: 1\n# größer\n");
    expect((await api("/contents/?ref=main")).body.map((each: { name: string }) => each.name)).to.include(
      "gantry.yaml",
    );
    expect(await api(`/contents/none.yaml?ref=${sha}`)).to.deep.include({ status: 404 });
    expect((await api("/contents/gantry.yaml?ref=nope")).body.message).to.equal(
      "No commit found for the ref nope",
    );
    for (const path of ["..%2f..%2fconfig", "a%2f..%2fgantry.yaml", ".%2f.."])
      expect((await api(`/contents/${path}?ref=${sha}`)).status, path).to.equal(404);
    expect((await api("/commits/nope")).body.message).to.equal("No commit found for SHA: nope");
    expect((await api("/commits/--all")).status).to.equal(422);
    expect((await api("/commits/v1.1.0")).body.sha).to.equal(git("rev-parse", "v1.1.0^{commit}"));
    expect((await fetch(`${remote.url}/repos/perkie/none`)).status).to.equal(404);
    expect((await api("")).body).to.include({ full_name: repository, default_branch: "main" });
  });

  it("shows refs, tag objects, and pages of tags", async () => {
    const object = git("rev-parse", "v1.1.0");
    expect((await api("/git/ref/tags/v1.1.0")).body.object).to.include({ sha: object, type: "tag" });
    const { body: tag } = await api(`/git/tags/${object}`);
    expect(tag).to.deep.include({ tag: "v1.1.0", message: "one" });
    expect(tag.object).to.include({ sha: git("rev-parse", "v1.1.0^{commit}"), type: "commit" });
    expect((await api("/git/ref/tags/v1.1")).status).to.equal(404);
    const { body: matching } = await api("/git/matching-refs/tags/w");
    expect(matching.map(({ ref }: { ref: string }) => ref)).to.have.members(
      ["w1", "w2", "w3", "w4"].map((name) => `refs/tags/${name}`),
    );
    const names: string[] = [];
    for (let url: string | undefined = "/tags?per_page=3"; url !== undefined; ) {
      const { body, headers }: Awaited<ReturnType<typeof api>> = await api(url);
      names.push(...body.map(({ name }: { name: string }) => name));
      const next: string | undefined = /<([^>]+)>; rel="next"/.exec(headers.get("link") ?? "")?.[1];
      url = next?.slice(`${remote.url}/repos/${repository}`.length);
    }
    expect(names).to.include.members(["v1.1.0", "w1", "lost", "twice"]);
    expect(new Set(names).size).to.equal(names.length);
  });

  it("compares commits in all four ways", async () => {
    git("checkout", "-q", "-b", "side", "HEAD~1");
    const side = await commit("side.txt", "1");
    await push("gantry", "side");
    git("checkout", "-q", "main");
    const [first = "", second = ""] = [git("rev-parse", "main~1"), git("rev-parse", "main")];
    const status = async (range: string) => (await api(`/compare/${range}`)).body.status;
    expect(await status(`${first}...${second}`)).to.equal("ahead");
    expect(await status(`${second}...${first}`)).to.equal("behind");
    expect(await status("main...main")).to.equal("identical");
    expect(await status(`main...${side}`)).to.equal("diverged");
    expect((await api(`/compare/${first}...none`)).status).to.equal(404);
    expect((await api(`/compare/${first}...${second}`)).body.commits).to.have.length(1);
  });

  it("stores commit statuses and deployments and lists them", async () => {
    const sha = git("rev-parse", "main");
    expect((await post(`/statuses/${sha}`, { state: "pending", context: "gantry" })).status).to.equal(201);
    expect((await post(`/statuses/${sha}`, { state: "great" })).status).to.equal(422);
    expect((await api(`/commits/${sha}/statuses`)).body[0]).to.include({
      state: "pending",
      context: "gantry",
    });
    const { status, body } = await post("/deployments", {
      ref: "v1.1.0",
      auto_merge: false,
      required_contexts: [],
      environment: "prod",
    });
    expect([status, body.ref, body.environment]).to.deep.equal([201, "v1.1.0", "prod"]);
    expect(
      (await post(`/deployments/${body.id}/statuses`, { state: "success", environment_url: "http://x" }))
        .status,
    ).to.equal(201);
    expect((await api(`/deployments/${body.id}/statuses`)).body[0]).to.include({ state: "success" });
    expect((await api("/deployments?environment=prod")).body).to.have.length(1);
    expect((await api("/deployments?environment=none")).body).to.have.length(0);
    expect((await post("/deployments", { ref: "nope" })).status).to.equal(422);
  });

  it("signs as in GitHub's own example", () => {
    const headers = webhookHeaders("push", "id", "Hello, World!", "It's a Secret to Everybody");
    expect(headers["X-Hub-Signature-256"]).to.equal(
      "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    );
  });

  it("takes a push while nobody runs, and says so to who pushes", async () => {
    await remote.close();
    git("tag", "alone");
    expect(await push("gantry", "alone")).to.include("remote: The push is stored");
    expect(received).to.deep.equal([]);
    remote = await startGit({ root: join(directory, "git"), webhook: () => null });
    git("tag", "heard");
    expect(await push("gantry", "heard")).to.include("nobody listens");
    expect((await api("/git/ref/tags/alone")).status).to.equal(200);
  });
});
