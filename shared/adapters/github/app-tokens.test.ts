import { generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { jwtVerify } from "jose";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { AppError } from "../../ports/app-error.ts";
import { createAppTokens, type GitHubApp } from "./app-tokens.ts";
import { createGitHubForge } from "./forge.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pkcs1 = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
const pkcs8 = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const [repository, other] = ["perkie/api", "perkie/web"];
const hour = 3_600_000;

describe("the tokens of a GitHub App", () => {
  let server: Server;
  let baseUrl: string;
  let calls: string[];
  let bearers: string[];
  let clock: ManualClock;
  let answer: (request: IncomingMessage, response: ServerResponse) => boolean;

  beforeEach(async () => {
    [calls, bearers] = [[], []];
    clock = new ManualClock();
    answer = () => false;
    let given = 0;
    server = createServer((request, response) => {
      calls.push(`${request.method} ${request.url}`);
      bearers.push((request.headers.authorization ?? "").replace("Bearer ", ""));
      if (answer(request, response)) return;
      const say = (status: number, body: object): void => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(body));
      };
      if (request.url?.endsWith("/installation")) return say(200, { id: 77, account: {} });
      if (!request.url?.endsWith("/access_tokens")) return say(201, { id: 1 });
      given += 1;
      say(201, { token: `ghs_${given}`, expires_at: new Date(clock.now() + hour).toISOString() });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  const tokensOf = (app: Partial<GitHubApp> = {}) =>
    createAppTokens({
      baseUrl,
      clock,
      app: { id: "Iv1.abc", privateKey: pkcs1, installation: null, ...app },
    });
  const errorOf = async (promise: Promise<unknown>): Promise<AppError> => {
    const error: unknown = await promise.catch((thrown: unknown) => thrown);
    if (!(error instanceof AppError)) throw new Error(`expected an AppError, got ${String(error)}`);
    return error;
  };

  it("are exchanged for a JWT that the app's key signed, lasts less than ten minutes, and forgives a slow clock", async () => {
    expect(await tokensOf().token(repository)).to.equal("ghs_1");
    expect(calls).to.deep.equal([
      `GET /repos/${repository}/installation`,
      "POST /app/installations/77/access_tokens",
    ]);
    const { payload, protectedHeader } = await jwtVerify(bearers[1] ?? "", publicKey, {
      issuer: "Iv1.abc",
      currentDate: new Date(clock.now()),
    });
    expect(protectedHeader.alg).to.equal("RS256");
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).to.equal(600);
    expect((payload.iat ?? 0) * 1000).to.equal(clock.now() - 60_000);
  });

  it("are kept until shortly before their end, and asked for once by many at the same time", async () => {
    const { token } = tokensOf({ installation: "77" });
    expect(await Promise.all([token(repository), token(other), token(repository)])).to.deep.equal(
      Array(3).fill("ghs_1"),
    );
    await clock.advance(hour - 5 * 60_000 - 1);
    expect(await token(repository)).to.equal("ghs_1");
    await clock.advance(1);
    expect(await token(repository)).to.equal("ghs_2");
    expect(calls).to.deep.equal(Array(2).fill("POST /app/installations/77/access_tokens"));
  });

  it("take the key as PKCS #8 and with written line ends too, and never show it in an error", async () => {
    for (const privateKey of [pkcs8, pkcs1.replaceAll("\n", "\\n")])
      expect(await tokensOf({ privateKey, installation: "77" }).token(repository)).to.match(/^ghs_/);
    const error = await errorOf(tokensOf({ privateKey: "hunter2" }).token(repository));
    expect(error).to.include({ code: "source-denied", transient: false });
    expect(`${error.stack} ${String(error.cause)}`)
      .to.include(".pem")
      .and.not.include("hunter2");
  });

  it("say where the app is not installed, and ask again the next time", async () => {
    let isInstalled = false;
    answer = (request, response) => {
      if (isInstalled || !request.url?.endsWith("/installation")) return false;
      response.writeHead(404).end("{}");
      return true;
    };
    const { token } = tokensOf();
    const error = await errorOf(token(repository));
    expect(error.code).to.equal("source-denied");
    expect(error.message).to.include(`not installed on ${repository}`);
    isInstalled = true;
    expect(await token(repository)).to.equal("ghs_1");
  });

  it("are renewed once where GitHub takes one no more", async () => {
    answer = (request, response) => {
      if (request.headers.authorization !== "Bearer ghs_1") return false;
      response.writeHead(401).end('{"message":"Bad credentials"}');
      return true;
    };
    const forge = createGitHubForge({ baseUrl, ...tokensOf() });
    const told = { repository, commit: "c0ffee" as never, context: "gantry/api", description: "x" };
    await forge.tellCommit({ ...told, state: "success", url: baseUrl, signal: AbortSignal.timeout(5_000) });
    expect(calls.filter((call) => call.includes("/statuses/"))).to.have.length(2);
    expect(bearers.at(-1)).to.equal("ghs_2");
  });
});
