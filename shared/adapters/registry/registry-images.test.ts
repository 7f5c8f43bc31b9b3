import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type ImageStore, openImageStore } from "../../../emulator/images/image-store.ts";
import { type Registry, startRegistry } from "../../../emulator/images/start-registry.ts";
import { type ImageReference, parseImageReference } from "../../domain/image-reference.ts";
import { AppError } from "../../ports/app-error.ts";
import type { ImageAnswer } from "../../ports/images.ts";
import { createRegistryImages, registryLimits } from "./registry-images.ts";

const name = "us-central1-docker.pkg.dev/perkie/gantry/api";
const noToken = (): Promise<string> => Promise.reject(new Error("no token is asked for"));

function reference(text: string): ImageReference {
  const parsed = parseImageReference(text);
  if (parsed === null) throw new Error(text);
  return parsed;
}

const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

describe("image registries, against the local cloud", () => {
  let directory = "";
  let images: ImageStore;
  let registry: Registry;
  let digest = "";
  const resolve = (text: string): Promise<ImageAnswer> =>
    createRegistryImages({ ...registryLimits, mirror: registry.url, token: noToken }).resolve(
      reference(text),
    );

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gantry-registry-"));
    const filesDirectory = join(directory, "files");
    await mkdir(filesDirectory);
    await writeFile(join(filesDirectory, "server.mjs"), "1");
    images = await openImageStore(join(directory, "images"));
    digest = await images.put({
      filesDirectory,
      workingDirectory: "/",
      command: ["node", "server.mjs"],
      env: {},
    });
    await images.tag(`${name}:v1`, digest);
    registry = await startRegistry({ images });
  });
  after(async () => {
    await registry.close();
    await rm(directory, { recursive: true });
  });
  afterEach(() => registry.faults.clear());

  it("finds what a tag stands for, by digest, and what a digest names", async () => {
    expect(await resolve(`${name}:v1`)).to.deep.equal({ outcome: "found", image: { name, digest } });
    expect(await resolve(`${name}@${digest}`)).to.deep.equal({ outcome: "found", image: { name, digest } });
  });

  it("serves a manifest whose own digest is the image's, as every registry does", async () => {
    const answer = await fetch(
      `${registry.url}/v2/perkie/gantry/api/manifests/v1?ns=us-central1-docker.pkg.dev`,
    );
    const body = await answer.text();
    expect(`sha256:${createHash("sha256").update(body).digest("hex")}`).to.equal(digest);
    expect(answer.headers.get("content-type")).to.equal("application/vnd.oci.image.manifest.v1+json");
    expect(JSON.parse(body)).to.have.nested.property("layers[0].digest");
  });

  it("gives an image another tag when its manifest is pushed under it, and takes no other manifest", async () => {
    const at = (tag: string) =>
      `${registry.url}/v2/perkie/gantry/api/manifests/${tag}?ns=us-central1-docker.pkg.dev`;
    const manifest = await (await fetch(at("v1"))).text();
    const put = (tag: string, body: string) => fetch(at(tag), { method: "PUT", body });
    expect((await put("by-hand", manifest)).status).to.equal(201);
    expect(await resolve(`${name}:by-hand`)).to.deep.include({ image: { name, digest } });
    expect((await put("other", "{}")).status).to.equal(400);
    expect((await put("-bad", manifest)).status).to.equal(400);
    expect((await fetch(`${registry.url}/v2/`)).status).to.equal(200);
  });

  it("says which image there is not, and of which registry", async () => {
    const answer = await resolve(`${name}:v2`);
    expect(answer).to.deep.equal({
      outcome: "not-found",
      message: `us-central1-docker.pkg.dev has no image ${name}:v2.`,
    });
    expect((await resolve(name)).outcome).to.equal("not-found"); // latest
    expect((await resolve(`${name}@sha256:${"0".repeat(64)}`)).outcome).to.equal("not-found");
  });

  it("says that it may not be read", async () => {
    registry.faults.set("denied");
    const answer = await resolve(`${name}:v1`);
    expect(answer).to.include({ outcome: "denied" });
    expect(answer).to.have.property("message").that.includes("HTTP 403");
  });

  it("throws as transient what may pass", async () => {
    registry.faults.set("unavailable");
    const error = await thrownBy(resolve(`${name}:v1`));
    expect(error).to.be.instanceOf(AppError).and.include({ code: "images-unavailable", transient: true });
  });

  it("asks no registry for a name without one", async () => {
    expect(await resolve("api:v1")).to.include({ outcome: "unusable" });
  });
});

describe("image registries that answer otherwise", () => {
  let server: Server;
  let url = "";
  let listener: RequestListener = () => undefined;
  const resolve = (text: string, limits: Partial<typeof registryLimits> = {}) =>
    createRegistryImages({ ...registryLimits, ...limits, mirror: url, token: noToken }).resolve(
      reference(text),
    );
  const manifest = JSON.stringify({ schemaVersion: 2 });
  const type = "application/vnd.docker.distribution.manifest.list.v2+json";

  before(async () => {
    server = createServer((request, response) => listener(request, response));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  it("takes the digest of the manifest itself where the header is left out", async () => {
    listener = (request, response) =>
      response.writeHead(200, { "content-type": type }).end(request.method === "HEAD" ? undefined : manifest);
    const digest = `sha256:${createHash("sha256").update(manifest).digest("hex")}`;
    expect(await resolve("registry.test/api:v1")).to.deep.equal({
      outcome: "found",
      image: { name: "registry.test/api", digest },
    });
    const tooLarge = await resolve("registry.test/api:v1", { maxManifestBytes: 5 });
    expect(tooLarge).to.include({ outcome: "unusable" });
  });

  it("asks for all kinds of manifests, and tells a mirror whose image is meant", async () => {
    let seen = "";
    listener = (request, response) => {
      seen = `${request.method} ${request.url} ${request.headers.accept} ${request.headers.authorization}`;
      response.writeHead(404).end();
    };
    await resolve("registry.test:5000/team/api:v1");
    expect(seen).to.match(/^HEAD \/v2\/team\/api\/manifests\/v1\?ns=registry\.test%3A5000 /);
    expect(seen)
      .to.include("image.index.v1+json")
      .and.include("manifest.v2+json")
      .and.match(/ undefined$/);
  });

  it("does not take a page that is no manifest, nor another digest than was asked for", async () => {
    listener = (_request, response) => response.writeHead(200, { "content-type": "text/html" }).end();
    expect(await resolve("registry.test/api:v1"))
      .to.have.property("message")
      .that.includes("text/html");
    listener = (_request, response) =>
      response
        .writeHead(200, { "content-type": type, "docker-content-digest": `sha256:${"a".repeat(64)}` })
        .end();
    const other = await resolve(`registry.test/api@sha256:${"b".repeat(64)}`);
    expect(other).to.include({ outcome: "unusable" });
  });

  it("waits no longer than it may", async () => {
    listener = () => undefined;
    const error = await thrownBy(resolve("registry.test/api:v1", { timeoutMs: 30 }));
    expect(error).to.be.instanceOf(AppError).and.include({ code: "images-unavailable", transient: true });
    server.closeAllConnections();
  });

  it("shows Google's registries its token, and says when it has none", async () => {
    const own = createRegistryImages({
      ...registryLimits,
      mirror: null,
      token: () => Promise.reject(new Error("no identity")),
    });
    const error = await thrownBy(own.resolve(reference("us-central1-docker.pkg.dev/p/r/api:v1")));
    expect(error).to.be.instanceOf(AppError);
    expect(String(error)).to.include("no token for it: no identity");
  });
});
