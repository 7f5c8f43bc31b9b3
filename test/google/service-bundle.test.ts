import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CloudBuildClient } from "@google-cloud/cloudbuild";
import { ServicesClient } from "@google-cloud/run";
import { credentials } from "@grpc/grpc-js";
import { expect } from "chai";
import { parse } from "yaml";
import { writeService } from "../../bundle/write-bundles.ts";
import { startCloudBuild } from "../../emulator/build/start-cloud-build.ts";
import { git } from "../../emulator/git/git-command.ts";
import { startGit } from "../../emulator/git/start-git.ts";
import { pubsubAdmin } from "../../emulator/google/pubsub-admin.ts";
import { openImageStore } from "../../emulator/images/image-store.ts";
import { type CloudRun, startCloudRun } from "../../emulator/run/cloud-run.ts";
import { freePort } from "../../emulator/run/data/free-port.ts";
import { deadLetterTopic, ownTopics } from "../../shared/install/google-parts.ts";
import { topics } from "../../shared/ports/bus.ts";
import { releaseIdFor } from "../../shared/usecases/release-id.ts";
import { sharedFirestore, sharedPubSub, uniqueProject } from "../support/google-emulators.ts";
import { type ServiceBundle, startServiceBundle } from "../support/service-bundle.ts";
import { githubDelivery } from "../support/service-harness.ts";

process.env["METADATA_SERVER_DETECTION"] = "none"; // the clients of this process look for nobody else's identity

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const token = "a-token-of-maya-for-the-api";
const secret = "of the webhook";
const asMaya = { headers: { authorization: `Bearer ${token}` } };
const trace = "0af7651916cd43dd8448eb211c80319c";

const tagPush = JSON.stringify({
  ref: "refs/tags/v1.8.0",
  before: "0".repeat(40),
  repository: { full_name: "acme/api" },
  pusher: { name: "maya" },
  head_commit: { id: "a".repeat(40) },
});

describe("the bundle of the HTTP service", () => {
  let folder: string;
  let env: Readonly<Record<string, string>>;
  let service: ServiceBundle;
  let url: string;
  let subscriber: Server;
  const pushed: { data: unknown; attributes: unknown }[] = [];

  before(async function () {
    const [firestore, pubsub] = [await sharedFirestore(this), await sharedPubSub(this)];
    this.timeout(60_000);
    folder = await mkdtemp(join(tmpdir(), "gantry-service-"));
    const project = uniqueProject();
    subscriber = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { message } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
        const data = JSON.parse(Buffer.from(message.data, "base64").toString("utf8"));
        pushed.push({ data, attributes: message.attributes });
        response.writeHead(204).end();
      });
    });
    const subscriberPort = await freePort();
    subscriber.listen(subscriberPort, "127.0.0.1");
    const admin = await pubsubAdmin({ host: pubsub.host, project });
    await admin.createTopics([...new Set([...ownTopics, deadLetterTopic])]);
    await admin.subscribe({
      name: "releases",
      topic: topics.releases,
      endpoint: `http://127.0.0.1:${subscriberPort}/`,
      ackDeadlineMs: 10_000,
      minBackoffMs: 100,
      maxBackoffMs: 1_000,
      deadLetter: null,
    });
    await admin.close();
    await writeFile(join(folder, "gantry.server.yaml"), "version: 1\n");
    const policy = 'version: 1\nrepositories: [{ repository: acme/api, services: ["**"] }]\n';
    await writeFile(join(folder, "gantry.policy.yaml"), policy);
    env = {
      PORT: String(await freePort()),
      K_SERVICE: "gantry",
      GOOGLE_CLOUD_PROJECT: project,
      PUBSUB_EMULATOR_HOST: pubsub.host,
      FIRESTORE_EMULATOR_HOST: firestore.host,
      GANTRY_SERVER_FILE: join(folder, "gantry.server.yaml"),
      GANTRY_POLICY_FILE: join(folder, "gantry.policy.yaml"),
      GANTRY_PUBLIC_URL: "https://gantry-42.us-central1.run.app",
      GANTRY_WEBHOOK_SECRETS: secret,
      GANTRY_TOKENS: `maya=${token}`,
      GANTRY_SESSION_SECRET: "of the sessions",
    };
    await writeService({ root, folder: join(folder, "container") });
    service = await startServiceBundle({ folder: join(folder, "container"), env });
    if (service.url === null) throw new Error(JSON.stringify(service.facts));
    url = service.url;
  });
  after(async () => {
    service?.kill("SIGKILL");
    subscriber?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it("listens where PORT says, on every address", () => {
    expect(url).to.equal(`http://127.0.0.1:${env["PORT"]}`);
    expect(service.facts[0]).to.include({ severity: "INFO", url: `http://0.0.0.0:${env["PORT"]}` });
  });

  it("takes a signed webhook until its message is on Pub/Sub", async () => {
    const answer = await fetch(
      `${url}/hooks/github`,
      githubDelivery({ event: "push", body: tagPush, secret }),
    );
    const releaseId = releaseIdFor("github/72d3162e-cc78-11e3-81ab-4c9367dc0958");
    expect(answer.status, JSON.stringify(service.facts)).to.equal(202);
    expect(await answer.json()).to.include({
      releaseId,
      follow: `https://gantry-42.us-central1.run.app/api/v1/releases/${releaseId}`,
    });
    for (let turn = 0; turn < 200 && pushed.length === 0; turn += 1) await sleep(25);
    expect(pushed).to.have.length(1);
    expect(pushed[0]?.data).to.include({ repository: "acme/api", tag: "v1.8.0", commit: "a".repeat(40) });
  });

  it("refuses what is signed with another secret, and publishes nothing", async () => {
    const forged = githubDelivery({ event: "push", body: tagPush, secret: "another" });
    expect((await fetch(`${url}/hooks/github`, forged)).status).to.equal(401);
    expect(pushed).to.have.length(1);
  });

  for (const path of ["/healthz", "/health"])
    it(`says at ${path} that Firestore answers`, async () => {
      const answer = await fetch(url + path);
      const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
      expect(await answer.json()).to.deep.equal({ status: "ok", version });
    });

  it("serves the API to whoever has a token", async () => {
    expect((await fetch(`${url}/api/v1/services`)).status).to.equal(401);
    const answer = await fetch(`${url}/api/v1/services`, asMaya);
    expect(await answer.json()).to.deep.include({ services: [] });
  });

  it("serves the console with its assets, by a cookie that only HTTPS carries", async () => {
    const form = {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ token }),
      headers: { origin: url, "x-forwarded-proto": "https" },
    } as const;
    const signedIn = await fetch(`${url}/login`, form);
    const cookie = signedIn.headers.get("set-cookie") ?? "";
    expect(cookie).to.match(/; Secure/);
    const page = await fetch(url, { headers: { cookie: cookie.split(";")[0] ?? "" } });
    expect(page.status).to.equal(200);
    const assets = [...(await page.text()).matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)];
    expect(assets).to.not.have.length(0);
    for (const [, path = ""] of assets) expect((await fetch(url + path)).status, path).to.equal(200);
  });

  it("logs a request under the trace that Google's front gave it", async () => {
    await fetch(`${url}/login`, { headers: { "x-cloud-trace-context": `${trace}/1;o=1` } });
    const line = service.facts.find((fact) => fact["requestTrace"] === trace);
    expect(line).to.include({
      path: "/login",
      "logging.googleapis.com/trace": `projects/${env["GOOGLE_CLOUD_PROJECT"]}/traces/${trace}`,
    });
  });

  it("ends in order on SIGTERM: streams end, what was asked is answered", async () => {
    const stream = await fetch(`${url}/api/v1/events`, asMaya);
    const asked = fetch(`${url}/api/v1/releases`, asMaya);
    await sleep(20);
    const began = Date.now();
    service.kill("SIGTERM");
    expect(await service.ended).to.equal(0);
    expect(Date.now() - began).to.be.below(10_000);
    expect((await asked).status).to.equal(200);
    await stream.text();
    expect(service.facts.at(-1)).to.include({ message: "Gantry has ended" });
    expect(service.facts.filter(({ severity }) => severity !== "INFO")).to.deep.equal([]);
  });

  it("ends in time also while Firestore answers nothing", async () => {
    const mute = createTcpServer(() => undefined);
    const port = await freePort();
    mute.listen(port, "127.0.0.1");
    const stuck = await startServiceBundle({
      folder: join(folder, "container"),
      env: { ...env, PORT: "0", FIRESTORE_EMULATOR_HOST: `127.0.0.1:${port}` },
    });
    try {
      const asked = fetch(`${stuck.url}/health`).then(
        ({ status }) => status,
        () => "cut off",
      );
      await sleep(1_000);
      const began = Date.now();
      stuck.kill("SIGTERM");
      await stuck.ended;
      expect(Date.now() - began).to.be.below(10_000);
      expect(await asked).to.equal("cut off");
    } finally {
      stuck.kill("SIGKILL");
      mute.close();
    }
  }).timeout(30_000);

  async function refusal(changed: Readonly<Record<string, string>>): Promise<string> {
    const failed = await startServiceBundle({
      folder: join(folder, "container"),
      env: { ...env, PORT: "0", ...changed },
    });
    expect(await failed.ended).to.equal(1);
    expect(failed.facts).to.have.length(1);
    expect(failed.facts[0]).to.include({ severity: "CRITICAL" });
    return String(failed.facts[0]?.["message"]);
  }

  it("names everything that its environment lacks, in one line", async () => {
    const names = ["GANTRY_WEBHOOK_SECRETS", "GANTRY_TOKENS", "GOOGLE_CLOUD_PROJECT"];
    const said = await refusal(Object.fromEntries(names.map((name) => [name, ""])));
    for (const name of names) expect(said).to.include(name);
  });

  it("keeps nothing in a file that is gone with its container", async () => {
    const file = join(folder, "embedded.yaml");
    await writeFile(file, "version: 1\nengine: embedded\n");
    expect(await refusal({ GANTRY_SERVER_FILE: file })).to.include("engine: google");
  });

  it("compiles and tries itself, as the build of its image does", async () => {
    await promisify(execFile)(process.execPath, ["compile.mjs"], {
      cwd: join(folder, "container"),
      env: { PATH: process.env["PATH"] },
    });
  });

  it("is built by the local cloud from its own cloudbuild.yaml and Dockerfile, and runs as a revision", async () => {
    const answer = await asRevision({ folder, container: join(folder, "container"), env });
    expect(answer).to.include({ status: "ok" });
  }).timeout(60_000);
});

/** Commits the folder, builds it with its own file, deploys the digest, and asks for `/healthz`. */
async function asRevision({
  folder,
  container,
  env,
}: Readonly<{ folder: string; container: string; env: Readonly<Record<string, string>> }>): Promise<unknown> {
  const images = await openImageStore(join(folder, "images"));
  const remote = await startGit({
    root: join(folder, "git"),
    webhook: () => null,
    repositories: ["acme/gantry"],
  });
  const build = await startCloudBuild({ images, publish: async () => undefined });
  const run = await startCloudRun({ images });
  try {
    const bare = await remote.ensureRepository("acme/gantry");
    const author = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    await git(container, "init", "--quiet", "--initial-branch=main");
    await git(container, "add", ".");
    await git(container, ...author, "commit", "--quiet", "--message", "container");
    await git(container, "push", "--quiet", bare, "main");
    const revision = (await git(container, "rev-parse", "HEAD")).trim();
    const source = { gitSource: { url: remote.cloneUrl("acme/gantry"), revision } };
    const image = "us-central1-docker.pkg.dev/acme-ops/gantry-functions/service";
    const file = parse(await readFile(join(container, "cloudbuild.yaml"), "utf8"));
    const digest = await builtDigest(build.grpc.port, { file, source, image });
    return await deployedHealth(run, { image: `${image}@${digest}`, env });
  } finally {
    await Promise.all([remote.close(), build.close(), run.close()]);
  }
}

const project = "acme-ops";
const local = { apiEndpoint: "127.0.0.1", sslCreds: credentials.createInsecure(), projectId: project };

async function builtDigest(
  port: number,
  { file, source, image }: Readonly<{ file: Record<string, unknown>; source: object; image: string }>,
): Promise<string> {
  const builds = new CloudBuildClient({ ...local, port });
  try {
    const substitutions = { ...Object(file["substitutions"]), _IMAGE: image };
    const timeout = { seconds: Number.parseInt(String(file["timeout"]), 10) };
    const [operation] = await builds.createBuild({
      projectId: project,
      build: { ...file, source, substitutions, timeout },
    });
    const [done] = await operation.promise();
    return done.results?.images?.[0]?.digest ?? `no image: ${JSON.stringify(done)}`;
  } finally {
    await builds.close();
  }
}

async function deployedHealth(
  run: CloudRun,
  { image, env }: Readonly<{ image: string; env: Readonly<Record<string, string>> }>,
): Promise<unknown> {
  const services = new ServicesClient({ ...local, port: run.grpc.port });
  try {
    const given = Object.entries(env).filter(([name]) => !["PORT", "K_SERVICE"].includes(name));
    const template = { containers: [{ image, env: given.map(([name, value]) => ({ name, value })) }] };
    const parent = `projects/${project}/locations/us-central1`;
    const [created] = await services.createService({ parent, serviceId: "gantry", service: { template } });
    await created.promise();
    const url = `http://127.0.0.1:${run.proxy.port}/_run/${project}/us-central1/gantry/healthz`;
    return await (await fetch(url)).json();
  } finally {
    await services.close();
  }
}
