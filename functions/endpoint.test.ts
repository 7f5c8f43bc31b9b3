import { once } from "node:events";
import { request, type Server } from "node:http";
import { http } from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";
import { expect } from "chai";
import { pushTrust } from "../cli/runtime/push-trust.ts";
import { realClock } from "../test/support/real-clock.ts";
import { googleClaims, startTokenIssuer, type TokenIssuer } from "../test/support/token-issuer.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";

type Taken = Parameters<Endpoint["take"]>[0];

let count = 0;

/** The function in functions-framework's own server. */
async function serve(changes: Partial<Endpoint>, open?: () => Promise<Endpoint>) {
  count += 1;
  const name = `endpoint-${count}`;
  const lines: string[] = [];
  const opened: Endpoint = {
    log: { error: (_fields, message) => void lines.push(message) },
    trust: async () => ({ verdict: "trusted" }),
    take: async () => "acknowledged",
    ...changes,
  };
  http(
    name,
    endpoint(open ?? (async () => opened), (line) => void lines.push(line)),
  );
  const server: Server = getTestServer(name);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  servers.push(server);
  return { url, lines };
}

const servers: Server[] = [];

const post = (url: string, body: string, type = "application/json") =>
  fetch(url, { method: "POST", body, headers: { "content-type": type } });

describe("functions/endpoint", () => {
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  for (const method of ["GET", "PUT", "DELETE", "HEAD"])
    it(`answers ${method} with 405, and opens nothing`, async () => {
      const { url } = await serve({}, () => Promise.reject(new Error("it should not be opened")));
      const answer = await fetch(`${url}/projects/p/topics/t`, { method });
      expect(answer.status).to.equal(405);
      expect(answer.headers.get("allow")).to.equal("POST");
    });

  for (const [outcome, status] of [
    ["acknowledged", 204],
    ["laid-aside", 204],
    ["again", 500],
  ] as const)
    it(`answers ${status} to what is ${outcome}, and tells nothing of it`, async () => {
      const { url } = await serve({ take: async () => outcome });
      const answer = await post(url, "{}");
      expect(answer.status).to.equal(status);
      expect(await answer.text()).to.be.oneOf(["", "Internal Server Error"]);
    });

  for (const type of ["application/json", "application/cloudevents+json; charset=utf-8"])
    it(`hands on headers, path, body and raw bytes of ${type}`, async () => {
      const got: Taken[] = [];
      const { url } = await serve({
        take: async (push) => {
          got.push(push);
          return "acknowledged";
        },
      });
      await post(`${url}/projects/p/topics/t?x=1`, '{"a": 1}', type);
      expect(got[0]?.path).to.equal("/projects/p/topics/t");
      expect(got[0]?.body).to.deep.equal({ a: 1 });
      expect(Buffer.from(got[0]?.raw ?? []).toString()).to.equal('{"a": 1}');
      expect(got[0]?.headers["content-type"]).to.equal(type);
    });

  it("says that there is no JSON where there is none", async () => {
    const bodies: unknown[] = [];
    const { url } = await serve({
      take: async ({ body }) => {
        bodies.push(body);
        return "laid-aside";
      },
    });
    await post(url, "hello", "text/plain");
    await post(url, "\u0000\u0001", "application/octet-stream");
    expect(bodies).to.deep.equal([undefined, undefined]);
  });

  it("does nothing for whom it does not trust: 401, and 503 where nobody can tell now", async () => {
    const taken: Taken[] = [];
    const take: Endpoint["take"] = async (push) => {
      taken.push(push);
      return "acknowledged";
    };
    const refused = await serve({ take, trust: async () => ({ verdict: "refused", why: "a stranger" }) });
    expect((await post(refused.url, "{}")).status).to.equal(401);
    const unknown = await serve({ take, trust: async () => ({ verdict: "unknown", why: "no keys" }) });
    expect((await post(unknown.url, "{}")).status).to.equal(503);
    expect(taken).to.deep.equal([]);
    expect(refused.lines).to.deep.equal(["A push is not trusted; nothing was done"]);
  });

  it("opens once for any number of pushes at the same time, and anew after it could not be opened", async () => {
    let opens = 0;
    const open = async (): Promise<Endpoint> => {
      opens += 1;
      if (opens === 1) throw new Error("the store is away");
      return {
        log: { error: () => undefined },
        trust: async () => ({ verdict: "trusted" }),
        take: async () => "acknowledged",
      };
    };
    const { url, lines } = await serve({}, open);
    expect((await post(url, "{}")).status).to.equal(500);
    expect(lines.join("")).to.contain("the store is away");
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(url, "{}")));
    expect(answers.map(({ status }) => status)).to.deep.equal([204, 204, 204, 204, 204]);
    expect(opens).to.equal(2);
  });
});

describe("functions/endpoint behind IAM", () => {
  const audience = "https://gantry-verify-42.us-central1.run.app";
  const account = "gantry-push@perkie.iam.gserviceaccount.com";
  let signer: TokenIssuer;
  let signed: string;
  let removed: string;

  before(async () => {
    signer = await startTokenIssuer();
    const atS = Math.floor(realClock.now() / 1_000);
    signed = await signer.sign(googleClaims({ audience, email: account, atS }));
    removed = signed.replace(/[^.]+$/, "SIGNATURE_REMOVED_BY_GOOGLE");
  });
  after(() => signer.close());
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** Sends every header as it is named and as often as it is given, which `fetch` does not. */
  async function push(
    headers: readonly (readonly [name: string, value: string])[],
  ): Promise<number | undefined> {
    const identity = { account, audience, keysUrl: signer.keysUrl };
    const trust = pushTrust({ push: identity, isEmulated: false, isBehindIam: true }, realClock);
    const { url } = await serve({ trust });
    const sent = request(url, { method: "POST", agent: false });
    for (const [name, value] of headers) sent.appendHeader(name, value);
    const answered = once(sent, "response");
    sent.end("{}");
    const [answer] = await answered;
    answer.resume();
    return answer.statusCode;
  }

  const own = (token: string) => ["Authorization", `Bearer ${token}`] as const;
  const other = "Bearer e30.e30.SIGNATURE_REMOVED_BY_GOOGLE";

  it("takes the push whose signature IAM removed, once it had checked it", async () => {
    expect(await push([own(removed)])).to.equal(204);
  });

  for (const [what, headers] of [
    ["with a token", [["X-Serverless-Authorization", other]]],
    ["in other letters", [["x-sErVeRlEsS-AUTHORIZATION", other]]],
    ["that is empty", [["x-serverless-authorization", ""]]],
    [
      "that is repeated",
      [
        ["X-Serverless-Authorization", ""],
        ["x-serverless-authorization", other],
      ],
    ],
  ] as const)
    it(`refuses a removed signature beside X-Serverless-Authorization ${what}: IAM checked only that`, async () => {
      expect(await push([own(removed), ...headers])).to.equal(401);
    });

  it("takes a signature that it can check itself, whatever else IAM checked", async () => {
    expect(await push([own(signed), ["X-Serverless-Authorization", other]])).to.equal(204);
  });

  it("refuses two tokens at once, for nobody can tell which of them IAM checked", async () => {
    expect(await push([own(removed), ["authorization", other]])).to.equal(401);
    expect(await push([["authorization", other], own(removed)])).to.equal(401);
  });
});
