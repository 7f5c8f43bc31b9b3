import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { LookupsPort } from "../../ports/lookups.ts";
import { createGoogleLookups, googleLookups } from "./google-lookups.ts";

type Answer = Readonly<{ status: number; body?: string }>;

describe("looking up what a release needs, over HTTP", () => {
  let server: Server;
  let lookups: LookupsPort;
  let answers: Readonly<Record<string, Answer>> = {};
  let token: () => Promise<string> = async () => "t0ken";

  before(async () => {
    server = createServer((request, response) => {
      const isKnown = request.headers.authorization === "Bearer t0ken";
      const answer = (isKnown ? answers[request.url ?? ""] : undefined) ?? { status: 404 };
      response.writeHead(answer.status).end(answer.body ?? "{}");
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    lookups = createGoogleLookups({
      ...googleLookups,
      artifactRegistry: url,
      secretManager: url,
      cloudBuild: url,
      token: () => token(),
    });
  });
  beforeEach(() => {
    token = async () => "t0ken";
  });
  after(() => new Promise((closed) => server.close(closed)));

  const repository = "/v1/projects/perkie/locations/us-central1/repositories/images";
  const version = "/v1/projects/perkie/secrets/api-key/versions/3";
  const key = { project: "perkie", secret: "api-key", version: "3" };

  it("tells whether a repository of Artifact Registry exists", async () => {
    answers = { [repository]: { status: 200, body: '{"format":"DOCKER"}' } };
    expect((await lookups.imageRepository("us-central1-docker.pkg.dev/perkie/images")).state).to.equal(
      "exists",
    );
    expect((await lookups.imageRepository("us-central1-docker.pkg.dev/perkie/other")).state).to.equal(
      "missing",
    );
    expect((await lookups.imageRepository("registry.test/perkie/images")).state).to.equal("unknown");
    answers = { "/v1/projects/example.com:perkie/locations/us/repositories/images": { status: 200 } };
    expect((await lookups.imageRepository("us-docker.pkg.dev/example.com/perkie/images")).state).to.equal(
      "exists",
    );
  });

  it("tells whether a repository of a connection exists, and is the one that is meant", async () => {
    const name = "projects/perkie/locations/us-west1/connections/acme/repositories/acme-api";
    const body = JSON.stringify({ name, remoteUri: "https://github.com/Acme/api.git" });
    answers = { [`/v2/${name}`]: { status: 200, body } };
    const look = async (repository: string, of = name) =>
      (await lookups.connectedRepository({ name: of, repository })).state;
    expect(await look("acme/api")).to.equal("exists");
    expect(await look("acme/other")).to.equal("other");
    expect(await look("acme/api", `${name}-not`)).to.equal("missing");
    answers = { [`/v2/${name}`]: { status: 403 } };
    expect(await look("acme/api")).to.equal("unknown");
  });

  for (const [state, expected] of [
    ["ENABLED", "usable"],
    ["DISABLED", "disabled"],
    ["DESTROYED", "disabled"],
  ] as const)
    it(`tells of a version that is ${state} that it is ${expected}`, async () => {
      answers = { [version]: { status: 200, body: JSON.stringify({ state }) } };
      expect((await lookups.secretVersion(key)).state).to.equal(expected);
    });

  it("finds a secret of another project, and tells one that is missing", async () => {
    answers = {
      "/v1/projects/other/secrets/k/versions/latest": { status: 200, body: '{"state":"ENABLED"}' },
    };
    const elsewhere = { project: "perkie", secret: "projects/other/secrets/k", version: "latest" };
    expect((await lookups.secretVersion(elsewhere)).state).to.equal("usable");
    expect((await lookups.secretVersion(key)).state).to.equal("missing");
  });

  it("knows nothing where it may not look, is not signed in, or gets no JSON, and says why", async () => {
    answers = { [version]: { status: 403 }, [repository]: { status: 200, body: "<html>" } };
    expect((await lookups.secretVersion(key)).state).to.equal("unknown");
    expect((await lookups.imageRepository("us-central1-docker.pkg.dev/perkie/images")).state).to.equal(
      "unknown",
    );
    token = () => Promise.reject(new Error("no identity"));
    expect((await lookups.secretVersion(key)).state).to.equal("unknown");
    expect(await lookups.secretVersion(key)).to.deep.equal({ state: "unknown", why: "no identity" });
  });
});
