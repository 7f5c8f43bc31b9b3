import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { type ImageStore, openImageStore } from "../images/image-store.ts";
import type { ProcessImage } from "../images/process-image.ts";
import { DockerDaemon } from "./docker-daemon.ts";

describe("the docker of the local Cloud Build", () => {
  let directory: string;
  let context: string;
  let images: ImageStore;
  let layers: Set<string>;
  let said: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "gantry-docker-"));
    context = join(directory, "context");
    images = await openImageStore(join(directory, "images"));
    layers = new Set();
    said = "";
  });
  afterEach(() => rm(directory, { recursive: true }));

  const write = async (files: Record<string, string>) => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(context, path)), { recursive: true });
      await writeFile(join(context, path), text);
    }
  };
  const daemon = () =>
    new DockerDaemon(images, layers, join(directory, "scratch"), {
      goneDebianPackages: ["libgl1-mesa-glx"],
      takesBaseImages: () => true,
    });
  const call = (...words: string[]) => ({
    words,
    workspace: context,
    workingDirectory: context,
    signal: new AbortController().signal,
    say: (line: string) => {
      said += `${line}\n`;
    },
  });
  const build = async (...words: string[]): Promise<ProcessImage> => {
    const docker = daemon();
    await docker.run(call("build", "-t", "h.dev/a:1", ...words, "."));
    const image = await images.get(docker.digestOf("h.dev/a:1") ?? "");
    if (image === null) throw new Error("nothing was built");
    return image;
  };
  const failure = (...words: string[]) =>
    daemon()
      .run(call("build", ...words, "."))
      .then(
        () => "built",
        (error: Error) => error.message,
      );
  const file = (image: ProcessImage, path: string) => readFile(join(image.rootDirectory, path), "utf8");

  it("copies files, folders and patterns where docker puts them", async () => {
    await write({
      Dockerfile:
        'FROM scratch\nWORKDIR /app\nCOPY a.txt b.txt\nCOPY src lib\nCOPY *.json ./\nCOPY src/x.js /bin/\nCOPY . all/\nCMD ["node"]',
      ".dockerignore": "secret*",
      "a.txt": "a",
      "src/x.js": "x",
      "src/deep/y.js": "y",
      "p.json": "{}",
      secret: "s",
    });
    const image = await build();
    expect(await file(image, "app/b.txt")).to.equal("a");
    expect(await file(image, "app/lib/deep/y.js")).to.equal("y");
    expect(await file(image, "app/p.json")).to.equal("{}");
    expect(await file(image, "bin/x.js")).to.equal("x");
    expect(await readdir(join(image.rootDirectory, "app/all"))).to.not.include("secret");
  });

  it("carries files from one stage to the next, and ends at the target it is told", async () => {
    await write({
      Dockerfile:
        'FROM node:20 AS build\nWORKDIR /src\nCOPY a.txt .\nFROM node:20-slim AS run\nCOPY --from=build /src/a.txt /app/\nCMD ["node", "a"]\nFROM run AS test\nCMD ["node", "t"]',
      "a.txt": "a",
    });
    expect(await file(await build("--target", "run"), "app/a.txt")).to.equal("a");
    expect((await build("--target=run")).command).to.deep.equal(["node", "a"]);
    expect((await build()).command).to.deep.equal(["node", "t"]);
    expect(await failure("--target", "none")).to.include("failed to reach build target none");
  });

  it("keeps ENV, expands ARG and ENV, and joins ENTRYPOINT and CMD", async () => {
    await write({
      Dockerfile:
        'ARG BASE=20\nFROM node:$BASE\nARG VERSION=1\nENV V=$VERSION PATH=/x:$PATH\nWORKDIR /a\nWORKDIR b\nENTRYPOINT ["node"]\nCMD ["s-$V.mjs"]',
    });
    const image = await build("--build-arg", "VERSION=7");
    expect(image.env["V"]).to.equal("7");
    expect(image.env["PATH"]).to.match(/^\/x:\/usr\/local/);
    expect(image).to.deep.include({ workingDirectory: "/a/b", command: ["node", "s-$V.mjs"] });
  });

  it("builds upon an image of its own store", async () => {
    await write({ Dockerfile: "FROM scratch\nCOPY a.txt /\nENV A=1\nCMD node a", "a.txt": "a" });
    const base = await build();
    await images.tag("h.dev/base:1", base.digest);
    await write({ Dockerfile: "FROM h.dev/base:1\nENV B=2" });
    const image = await build();
    expect(await file(image, "a.txt")).to.equal("a");
    expect(image).to.deep.include({ env: { A: "1", B: "2" }, command: ["/bin/sh", "-c", "node a"] });
  });

  it("uses cached layers unless told not to, and says so as docker does", async () => {
    await write({ Dockerfile: "FROM node:20\nRUN npm ci\nCOPY a.txt /\nRUN true", "a.txt": "a" });
    await build();
    expect(said).to.not.include("Using cache");
    said = "";
    await build();
    expect(said.match(/Using cache/g)).to.have.length(3);
    await write({ "a.txt": "b" });
    said = "";
    await build();
    expect(said.match(/Using cache/g)).to.have.length(1);
    said = "";
    await build("--no-cache");
    expect(said).to.not.include("Using cache");
  });

  it("says which RUN lines it skips, and fails those that want a package that is gone", async () => {
    await write({ Dockerfile: "FROM node:20\nRUN npm ci" });
    await build();
    expect(said).to.include("Skipped by the local cloud, which runs no container: npm ci");
    await write({
      Dockerfile: "FROM node:20\nRUN apt-get update && \\\n  apt-get install -y libgl1-mesa-glx",
    });
    expect(await failure()).to.match(
      /^The command '\/bin\/sh -c apt-get update &&\s+apt-get install -y libgl1-mesa-glx' returned a non-zero code: 100$/,
    );
    await write({ Dockerfile: "FROM node:20\nRUN echo libgl1-mesa-glx is gone, apt-get install -y libgl1" });
    expect(await failure()).to.equal("built");
  });

  const failing: [string, string][] = [
    [
      "FROM a\nCOPY none /",
      "COPY failed: file not found in build context or excluded by .dockerignore: stat none: file does not exist",
    ],
    ["FROM a\nCOPY ../x /", "COPY failed: forbidden path outside the build context: ../x ()"],
    ["FROM a\nADD https://x/y /", "ADD failed: the local cloud downloads nothing: https://x/y"],
    ["FORM a", "Error response from daemon: dockerfile parse error line 1: unknown instruction: FORM"],
  ];
  for (const [text, message] of failing)
    it(`fails with "${message}"`, async () => {
      await write({ Dockerfile: text });
      expect(await failure()).to.equal(message);
    });

  it("fails without a Dockerfile, and for a context outside of the workspace", async () => {
    await mkdir(context);
    expect(await failure()).to.include(
      "unable to evaluate symlinks in Dockerfile path: lstat /workspace/Dockerfile",
    );
    await write({ Dockerfile: "FROM a" });
    const outside = daemon().run(call("build", "-f", "Dockerfile", "../.."));
    expect(await outside.catch((error: Error) => error.message)).to.include("outside of the workspace");
  });

  it("writes nothing outside of the image, whatever the destination", async () => {
    await write({
      Dockerfile: "FROM a\nWORKDIR /../../w\nCOPY a.txt ../../../x/\nCOPY a.txt /../../../y",
      "a.txt": "a",
    });
    const image = await build();
    expect(await file(image, "x/a.txt")).to.equal("a");
    expect(await file(image, "y")).to.equal("a");
    expect((await stat(join(image.rootDirectory, "w"))).isDirectory()).to.equal(true);
  });
});
