import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { googleIdentity } from "./google-identity.ts";
import { runAuthorization } from "./run-authorization.ts";

/** A token source that remembers its audiences. */
function tokens(answer: () => Promise<string> = async () => "Bearer token") {
  const audiences: string[] = [];
  const idTokenHeader = async (audience: string): Promise<string> => {
    audiences.push(audience);
    return answer();
  };
  return { audiences, authorize: runAuthorization({ idTokenHeader }) };
}

describe("runAuthorization()", () => {
  for (const [url, audience] of [
    ["https://api-abc123-uc.a.run.app/health", "https://api-abc123-uc.a.run.app"],
    ["https://g-r1---api-abc123-uc.a.run.app/x?y", "https://api-abc123-uc.a.run.app"],
    ["https://g-r1---api-123456.us-central1.run.app/", "https://api-123456.us-central1.run.app"],
    ["http://api-abc123-uc.a.run.app/", null],
    ["https://api-abc123-uc.a.run.app:8443/", null],
    ["https://run.app.evil.test/", null],
    ["https://evilrun.app/", null],
    ["http://127.0.0.1:4630/", null],
  ] as const) {
    it(`${audience === null ? "gives no token to" : "gives a token for the service to"} ${url}`, async () => {
      const { audiences, authorize } = tokens();
      expect(await authorize(url)).to.deep.equal(audience === null ? {} : { authorization: "Bearer token" });
      expect(audiences).to.deep.equal(audience === null ? [] : [audience]);
    });
  }

  it("asks without a token where this machine can have none, and fails when one cannot be had now", async () => {
    const url = "https://api-abc123-uc.a.run.app/";
    for (const words of [
      "Could not load the default credentials. Browse to https://cloud.google.com/docs/authentication",
      "Cannot fetch ID token in this environment, use GCE or set the GOOGLE_APPLICATION_CREDENTIALS",
    ]) {
      const { authorize } = tokens(() => Promise.reject(new Error(words)));
      expect(await authorize(url)).to.deep.equal({});
    }
    const { authorize } = tokens(() => Promise.reject(new Error("metadata server: 503")));
    const error = await authorize(url).catch((thrown: unknown) => thrown);
    expect(error).to.have.property("message", "metadata server: 503");
  });
});

describe("googleIdentity()", () => {
  const asked: string[] = [];
  const access = { access_token: "ya29.local", expires_in: 3_600, token_type: "Bearer" };
  const answers = [
    ["/identity", unsigned({ exp: 4_000_000_000 })],
    ["/token", JSON.stringify(access)],
  ] as const;
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.setHeader("metadata-flavor", "Google");
    const { pathname } = new URL(request.url ?? "/", "http://metadata");
    if (pathname.endsWith("/token")) response.setHeader("content-type", "application/json");
    response.end(answers.find(([end]) => pathname.endsWith(end))?.[1] ?? "");
  });
  const known = ["GCE_METADATA_HOST", "GOOGLE_APPLICATION_CREDENTIALS", "HOME", "METADATA_SERVER_DETECTION"];
  const before_ = new Map(known.map((name) => [name, process.env[name]]));

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    process.env["GCE_METADATA_HOST"] = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env["METADATA_SERVER_DETECTION"] = "assume-present";
    process.env["HOME"] = "/nonexistent";
    delete process.env["GOOGLE_APPLICATION_CREDENTIALS"];
  });
  after(async () => {
    for (const [name, value] of before_) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("has an ID token for the service, and an access token, from the metadata server", async () => {
    const identity = googleIdentity();
    const authorize = runAuthorization(identity);
    const { authorization } = await authorize("https://g-1---api-abc-uc.a.run.app/health");
    expect(authorization).to.equal(`Bearer ${unsigned({ exp: 4_000_000_000 })}`);
    const audience = new URL(asked.find((url) => url.includes("/identity"))!, "http://metadata").searchParams;
    expect(audience.get("audience")).to.equal("https://api-abc-uc.a.run.app");
    expect(await identity.accessToken()).to.equal("ya29.local");
  });
});

function unsigned(payload: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(payload)}.x`;
}
