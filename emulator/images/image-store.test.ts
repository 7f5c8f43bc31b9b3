import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parseImageReference } from "./image-reference.ts";
import { type ImageContent, openImageStore } from "./image-store.ts";

describe("the image store", () => {
  let directory: string;
  let content: ImageContent;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "gantry-images-"));
    const filesDirectory = join(directory, "source");
    await mkdir(join(filesDirectory, "app"), { recursive: true });
    await writeFile(join(filesDirectory, "app", "server.mjs"), "1");
    content = {
      filesDirectory,
      workingDirectory: "/app",
      command: ["node", "server.mjs"],
      env: { B: "2", A: "1" },
    };
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("gives the same content the same digest and other content another one", async () => {
    const store = await openImageStore(join(directory, "store"));
    const first = await store.put(content);
    expect(await store.put({ ...content, env: { A: "1", B: "2" } })).to.equal(first);
    expect(await store.put({ ...content, labels: { revision: "1" } })).to.not.equal(first);
    await writeFile(join(content.filesDirectory, "app", "server.mjs"), "2");
    expect(await store.put(content)).to.not.equal(first);
  });

  it("resolves tags and digests of a repository after a restart", async () => {
    const before = await openImageStore(join(directory, "store"));
    const digest = await before.put(content);
    await before.tag("us-docker.pkg.dev/p/r/app:v1", digest);
    const store = await openImageStore(join(directory, "store"));
    const image = await store.resolve("us-docker.pkg.dev/p/r/app:v1");
    expect(image).to.include({ digest, workingDirectory: "/app" });
    expect(await readFile(join(image?.rootDirectory ?? "", "app/server.mjs"), "utf8")).to.equal("1");
    expect(await store.resolve(`us-docker.pkg.dev/p/r/app@${digest}`)).to.deep.equal(image);
    expect(await store.resolve("us-docker.pkg.dev/p/r/app:v2")).to.equal(null);
  });

  it("does not find a digest in a repository to which it was never pushed", async () => {
    const store = await openImageStore(join(directory, "store"));
    const digest = await store.put(content);
    expect(await store.resolve(`us-docker.pkg.dev/p/r/app@${digest}`)).to.equal(null);
    expect(await store.get(digest)).to.include({ digest });
  });

  it("keeps both tags when two are pushed to one repository at once", async () => {
    const store = await openImageStore(join(directory, "store"));
    const digest = await store.put(content);
    await Promise.all(["a", "b", "c"].map((tag) => store.tag(`h.dev/r:${tag}`, digest)));
    for (const tag of ["a", "b", "c"]) expect(await store.resolve(`h.dev/r:${tag}`)).to.include({ digest });
  });

  it("forgets a tag or a whole image when it is deleted from its repository", async () => {
    const store = await openImageStore(join(directory, "store"));
    const digest = await store.put(content);
    await store.tag("h.dev/r:a", digest);
    await store.tag("h.dev/r:b", digest);
    expect(await store.remove("h.dev/r:a")).to.equal(true);
    expect(await store.resolve("h.dev/r:a")).to.equal(null);
    expect(await store.remove(`h.dev/r@${digest}`)).to.equal(true);
    expect(await store.resolve("h.dev/r:b")).to.equal(null);
    expect(await store.remove("h.dev/r:b")).to.equal(false);
  });

  const digest = `sha256:${"a".repeat(64)}`;
  const references: [string, ReturnType<typeof parseImageReference>][] = [
    ["app", { repository: "app", tag: "latest", digest: null }],
    ["localhost:5000/app:v1", { repository: "localhost:5000/app", tag: "v1", digest: null }],
    [
      "us-central1-docker.pkg.dev/p/r/app:v1.2.3",
      { repository: "us-central1-docker.pkg.dev/p/r/app", tag: "v1.2.3", digest: null },
    ],
    [`h.dev/r/app@${digest}`, { repository: "h.dev/r/app", tag: null, digest }],
    [`h.dev/r/app:v1@${digest}`, { repository: "h.dev/r/app", tag: "v1", digest }],
    ["h.dev/p/app:", null],
    ["h.dev/p/App:v1", null],
    ["h.dev/p/app:v1;rm", null],
    ["h.dev//app", null],
    ["h.dev/app@sha256:abc", null],
    ["", null],
  ];
  for (const [text, expected] of references)
    it(`reads the reference "${text}" as ${JSON.stringify(expected)}`, () => {
      expect(parseImageReference(text)).to.deep.equal(expected);
    });
});
