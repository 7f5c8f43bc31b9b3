import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { parse } from "yaml";
import { parseGantryYaml } from "../../shared/config/gantry-yaml.ts";
import { DockerDaemon } from "../build/docker-daemon.ts";
import { gitSourceFetcher } from "../build/git-source.ts";
import { type ImageStore, openImageStore } from "../images/image-store.ts";
import type { ProcessImage } from "../images/process-image.ts";
import { createDemoRepository, type DemoRepository } from "./demo-repository.ts";

type Service = { url: string; process: ChildProcess; exited: Promise<number | null> };

describe("the demo repository", () => {
  let directory: string;
  let demo: DemoRepository;
  let images: ImageStore;
  const started: ChildProcess[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gantry-demo-"));
    images = await openImageStore(join(directory, "images"));
    demo = await createDemoRepository({
      gitRoot: join(directory, "git"),
      cloneDirectory: join(directory, "clone"),
      goesBad: { afterSeconds: 60, afterRequests: 2 },
    });
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill("SIGKILL");
  });
  after(() => rm(directory, { recursive: true }));

  const show = (tag: string, path: string) =>
    execFileSync("git", ["-C", demo.cloneDirectory, "show", `${tag}:${path}`], { encoding: "utf8" });
  const config = (tag: string) => parseGantryYaml({ file: "gantry.yaml", text: show(tag, "gantry.yaml") });

  /** Builds a tag as the docker step of its Cloud Build file does. */
  const build = async (tag: string): Promise<ProcessImage> => {
    const workspace = join(directory, `workspace-${tag}`);
    const signal = new AbortController().signal;
    const say = () => undefined;
    await gitSourceFetcher()({ gitSource: { url: demo.cloneDirectory, revision: tag } }, workspace, {
      say,
      signal,
    });
    const docker = new DockerDaemon(images, new Set(), join(directory, `scratch-${tag}`), {
      goneDebianPackages: ["libgl1-mesa-glx"],
      takesBaseImages: () => true,
    });
    const workingDirectory = join(workspace, "backend/inspirenet-api");
    await docker.run({
      words: ["build", "--no-cache", "-t", "h.dev/app:x", "."],
      workspace,
      workingDirectory,
      say,
      signal,
    });
    const image = await images.get(docker.digestOf("h.dev/app:x") ?? "");
    if (image === null) throw new Error("nothing was built");
    return image;
  };
  const freePort = () =>
    new Promise<number>((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
      });
    });
  const start = async (
    tag: string,
    env: Record<string, string> = {},
    patienceMs = 8000,
  ): Promise<Service> => {
    const image = await build(tag);
    const port = await freePort();
    const child = spawn(process.execPath, image.command.slice(1), {
      cwd: join(image.rootDirectory, image.workingDirectory),
      env: {
        ...image.env,
        PORT: String(port),
        K_REVISION: `svc-${tag}`,
        STORAGE_DIRECTORY: join(directory, "buckets"),
        ...env,
      },
      stdio: ["ignore", "pipe", "ignore"],
    });
    started.push(child);
    const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const listening = new Promise<void>((resolve) => {
      child.stdout.on("data", (text) => String(text).includes("listening") && resolve());
    });
    await Promise.race([listening, exited, sleep(patienceMs, undefined, { ref: false })]);
    return { url: `http://127.0.0.1:${port}`, process: child, exited };
  };
  const status = async (url: string, init: RequestInit = {}) => (await fetch(url, init)).status;

  it("is the same on every machine, and only its first tag is pushed", async () => {
    const again = await createDemoRepository({
      gitRoot: join(directory, "git2"),
      cloneDirectory: join(directory, "clone2"),
      goesBad: { afterSeconds: 60, afterRequests: 2 },
    });
    expect(again.tags).to.deep.equal(demo.tags);
    expect(demo.tags.every(({ commit }) => /^[0-9a-f]{40}$/.test(commit))).to.equal(true);
    const refs = execFileSync("git", ["-C", demo.bareDirectory, "for-each-ref", "--format=%(refname)"], {
      encoding: "utf8",
    });
    expect(refs.trim().split("\n")).to.have.members(["refs/heads/main", "refs/tags/v1.0.0"]);
  });

  it("is left as it is when it is there already", async () => {
    execFileSync("git", ["-C", demo.cloneDirectory, "tag", "mine"]);
    const again = await createDemoRepository({
      gitRoot: join(directory, "git"),
      cloneDirectory: demo.cloneDirectory,
    });
    expect(again.tags).to.deep.equal(demo.tags);
    expect(
      execFileSync("git", ["-C", demo.cloneDirectory, "tag", "-l", "mine"], { encoding: "utf8" }),
    ).to.equal("mine\n");
  });

  it("has a config that is valid at every tag but v1.9.0, which has several errors", () => {
    for (const { tag } of demo.tags.filter((each) => each.tag !== "v1.9.0")) {
      const parsed = config(tag);
      expect(parsed.ok ? [] : parsed.problems, tag).to.deep.equal([]);
    }
    const broken = config("v1.9.0");
    expect(broken.ok ? 0 : broken.problems.length).to.be.greaterThan(1);
  });

  it("takes sections of its config from the caller", async () => {
    const { cloneDirectory } = await createDemoRepository({
      gitRoot: join(directory, "git3"),
      cloneDirectory: join(directory, "clone3"),
      config: { service: { project: "p-123456", region: "europe-west1", name: "svc" }, approval: null },
    });
    const written = parse(await readFile(join(cloneDirectory, "gantry.yaml"), "utf8"));
    expect(written.service.name).to.equal("svc");
    expect(written).to.not.have.property("approval");
  });

  it("serves the contract of the example, and really cuts an image out of its background", async () => {
    const { url } = await start("v1.8.0", { MODEL_LOAD_SECONDS: "0.05" });
    const health = await (await fetch(`${url}/health`)).json();
    expect(health).to.include({ status: "healthy", version: "1.8.0", revision: "svc-v1.8.0" });
    expect(await (await fetch(`${url}/model-info`)).json()).to.include({ loaded: true, device: "cpu" });
    const missing = await fetch(`${url}/api/storage/upload`, { method: "POST" });
    expect(missing.status).to.equal(422);
    expect(await missing.json()).to.deep.equal({
      detail: [{ type: "missing", loc: ["body", "file"], msg: "Field required", input: null }],
    });
    const picture = Buffer.concat([Buffer.from("P6 3 3 255\n"), Buffer.alloc(27, 255)]);
    picture.set([200, 0, 0], 11 + 12);
    const cut = await fetch(`${url}/remove-background`, {
      method: "POST",
      headers: { "content-type": "image/x-portable-pixmap" },
      body: picture,
    });
    const png = new Uint8Array(await cut.arrayBuffer());
    expect(Buffer.from(png.subarray(1, 4)).toString()).to.equal("PNG");
    const form = new FormData();
    form.set("file", new Blob([png], { type: "image/png" }), "cut.png");
    const stored = JSON.parse(
      await (await fetch(`${url}/api/storage/upload`, { method: "POST", body: form })).text(),
    );
    expect(new Uint8Array(await (await fetch(stored.url)).arrayBuffer())).to.deep.equal(png);
    const again = await fetch(`${url}/remove-background`, {
      method: "POST",
      headers: { "content-type": "image/png" },
      body: png,
    });
    expect(again.status).to.equal(200);
    expect(
      await status(`${url}/remove-background`, {
        method: "POST",
        headers: { "content-type": "image/png" },
        body: "no",
      }),
    ).to.equal(422);
  });

  it("goes wrong at each bad tag in the way that is told of it", async () => {
    const post = { method: "POST" };
    const [bad, empty, hangs] = await Promise.all([start("v1.2.0"), start("v1.5.0"), start("v1.7.0")]);
    expect(await status(`${bad.url}/health`)).to.equal(500);
    expect(await status(`${empty.url}/api/storage/upload`, post)).to.equal(200);
    const hung = await status(`${hangs.url}/model-info`, { signal: AbortSignal.timeout(150) }).catch(
      () => "hung",
    );
    expect(hung).to.equal("hung");
    expect(await build("v1.3.0").catch((error: Error) => error.message)).to.include(
      "returned a non-zero code: 100",
    );
    expect(await (await start("v1.4.0")).exited).to.equal(1);
    const mute = await start("v1.10.0", {}, 250);
    expect(mute.process.exitCode).to.equal(null);
    expect(await status(mute.url).catch(() => "refused")).to.equal("refused");
  });

  it("goes bad at v1.6.0 only under requests that are no probes", async () => {
    const { url } = await start("v1.6.0");
    const probe = { headers: { "user-agent": "gantry-probe" } };
    for (let count = 0; count < 5; count += 1) expect(await status(`${url}/health`, probe)).to.equal(200);
    const answers = [];
    for (let count = 0; count < 4; count += 1) answers.push(await status(`${url}/health`));
    expect(answers).to.deep.equal([200, 200, 500, 500]);
    expect(await status(`${url}/health`, probe)).to.equal(500);
  });

  it("has for its example the config that a production service would have", async () => {
    const file = new URL("../../examples/background-removal/gantry.yaml", import.meta.url);
    const parsed = parseGantryYaml({ file: "gantry.yaml", text: await readFile(file, "utf8") });
    expect(parsed.ok ? [] : parsed.problems).to.deep.equal([]);
    const plain = new URL("../../examples/plain-web/gantry.yaml", import.meta.url);
    expect(parseGantryYaml({ file: "gantry.yaml", text: await readFile(plain, "utf8") }).ok).to.equal(true);
  });
});
