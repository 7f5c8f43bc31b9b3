import { once } from "node:events";
import { request } from "node:http";
import { expect } from "chai";
import { embeddedDoor } from "../../cli/runtime/push-door.ts";
import { type PushTrust, pushTrust } from "../../cli/runtime/push-trust.ts";
import type { EventHandler, PubSubEvent } from "../../shared/ports/bus.ts";
import { memoryEngine } from "../../test/contracts/embedded-engines.ts";
import { functionHarness } from "../../test/support/function-harness.ts";
import { realClock } from "../../test/support/real-clock.ts";
import { serviceHarness } from "../../test/support/service-harness.ts";
import { startServer } from "../server.ts";
import type { PushDoor } from "../service-deps.ts";

const trusted: PushTrust = async () => ({ verdict: "trusted" });
const body = JSON.stringify({
  message: {
    data: Buffer.from('{"id":"b-1"}').toString("base64"),
    attributes: { buildId: "b-1", status: "SUCCESS" },
    messageId: "7",
    publishTime: "2026-01-05T10:00:00Z",
  },
  subscription: "projects/p/subscriptions/push",
});

type Taken = Parameters<PushDoor["take"]>[0];

function door(changes: Partial<PushDoor> = {}) {
  const taken: Taken[] = [];
  const pushes: PushDoor = {
    trust: trusted,
    take: async (push) => {
      taken.push(push);
      return "acknowledged";
    },
    ...changes,
  };
  const { app } = serviceHarness({ pushes });
  const push = (topic: string, text = body) =>
    app.request(`/hooks/pubsub/${topic}`, {
      method: "POST",
      body: text,
      headers: { "content-type": "application/json" },
    });
  return { push, taken };
}

describe("POST /hooks/pubsub/:topic", () => {
  it("hands on topic, headers, body and raw bytes, and answers 204", async () => {
    const { push, taken } = door();
    expect((await push("cloud-builds")).status).to.equal(204);
    expect(taken[0]?.topic).to.equal("cloud-builds");
    expect(taken[0]?.body).to.deep.equal(JSON.parse(body));
    expect(Buffer.from(taken[0]?.raw ?? []).toString()).to.equal(body);
    expect(taken[0]?.headers["content-type"]).to.equal("application/json");
  });

  for (const [outcome, status] of [
    ["laid-aside", 204],
    ["again", 503],
  ] as const)
    it(`answers ${status} to what is ${outcome}`, async () => {
      const { push } = door({ take: async () => outcome });
      expect((await push("cloud-builds")).status).to.equal(status);
    });

  it("reads nothing of whom it does not trust: 401, and 503 where nobody can tell now", async () => {
    const refused = door({ trust: async () => ({ verdict: "refused", why: "a stranger" }) });
    const answer = await refused.push("cloud-builds");
    expect(answer.status).to.equal(401);
    expect(await answer.json()).to.deep.include({
      code: "unauthenticated",
      detail: "The push is not trusted: a stranger.",
    });
    expect(refused.taken).to.deep.equal([]);
    const unknown = door({ trust: async () => ({ verdict: "unknown", why: "no keys" }) });
    expect((await unknown.push("cloud-builds")).status).to.equal(503);
  });

  it("is not there where nobody's pushes are taken", async () => {
    const { app } = serviceHarness();
    expect((await app.request("/hooks/pubsub/cloud-builds", { method: "POST", body })).status).to.equal(404);
  });
});

const mebibyte = 1_048_576;

/** A body of 17 MiB that comes in pieces under no length, and how much of it was taken so far. */
function streamed() {
  let read = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (read === 17 * mebibyte) return controller.close();
        read += mebibyte;
        controller.enqueue(new Uint8Array(mebibyte));
      },
    },
    { highWaterMark: 0 },
  );
  return { body, read: () => read };
}

describe("a body that a stranger streams at /hooks/pubsub", () => {
  const account = "gantry-push@perkie.iam.gserviceaccount.com";
  const push = { account, audience: "https://gantry.example.com", keysUrl: "http://127.0.0.1:9/keys" };
  const trust = pushTrust({ push, isEmulated: false }, realClock);

  async function stream(pushes: PushDoor | undefined) {
    const { body, read } = streamed();
    const { app } = serviceHarness(pushes && { pushes });
    const sent = { method: "POST", body, duplex: "half" } as const;
    const { status } = await app.request("/hooks/pubsub/cloud-builds", sent);
    return { status, read: read() };
  }

  it("is not read before it is known whose it is: not without a token, not without keys, not where none is taken", async () => {
    const take: PushDoor["take"] = () => Promise.reject(new Error("nothing should be taken"));
    expect(await stream({ trust, take })).to.deep.equal({ status: 401, read: 0 });
    const unsure: PushTrust = async () => ({ verdict: "unknown", why: "no keys" });
    expect(await stream({ trust: unsure, take })).to.deep.equal({ status: 503, read: 0 });
    expect(await stream(undefined)).to.deep.equal({ status: 404, read: 0 });
  });

  it("is answered over the wire though it never ends", async () => {
    const { app } = serviceHarness({ pushes: { trust, take: async () => "acknowledged" } });
    const server = await startServer({ app, host: "127.0.0.1", port: 0 });
    const sent = request(`${server.url}/hooks/pubsub/cloud-builds`, { method: "POST", agent: false });
    const answered = once(sent, "response", { signal: AbortSignal.timeout(1_000) });
    sent.write("{");
    try {
      const [answer] = await answered;
      expect(answer.statusCode).to.equal(401);
    } finally {
      sent.destroy();
      await server.close();
    }
  });

  it("is read no further than 16 MiB of whoever is trusted", async () => {
    const taken: Taken[] = [];
    const { status, read } = await stream({
      trust: trusted,
      take: async (push) => {
        taken.push(push);
        return "acknowledged";
      },
    });
    expect({ status, read, taken }).to.deep.equal({ status: 413, read: 17 * mebibyte, taken: [] });
  });
});

describe("pushes to the embedded engine", () => {
  async function embedded(handler: EventHandler) {
    const { engine, clock, close } = memoryEngine();
    engine.bus.subscribe({
      name: "builds",
      topic: "cloud-builds",
      handler,
      ackDeadlineMs: 10_000,
      maxAttempts: 1,
      minBackoffMs: 1,
      maxBackoffMs: 1,
    });
    engine.bus.start();
    const { deps } = functionHarness();
    const pushes = embeddedDoor({ ...deps, bus: engine.bus, clock }, trusted);
    const { app } = serviceHarness({ pushes });
    const push = (topic: string, text = body) =>
      app.request(`/hooks/pubsub/${topic}`, { method: "POST", body: text });
    return { push, pass: () => clock.advance(10), bus: engine.bus, close };
  }

  it("are on its bus before they are answered, once however often they come", async () => {
    const got: PubSubEvent[] = [];
    const { push, pass, close } = await embedded(async (event) => void got.push(event));
    expect((await push("cloud-builds")).status).to.equal(204);
    expect((await push("cloud-builds")).status).to.equal(204);
    await pass();
    expect(got).to.have.length(1);
    expect(got[0]?.data.message.attributes).to.deep.equal({ buildId: "b-1", status: "SUCCESS" });
    expect(Buffer.from(got[0]?.data.message.data ?? "", "base64").toString()).to.equal('{"id":"b-1"}');
    await close();
  });

  it("may not name Gantry's own topics, and what is no push is dropped with a line in the log", async () => {
    const got: PubSubEvent[] = [];
    const { push, pass, close } = await embedded(async (event) => void got.push(event));
    expect((await push("gantry-rollback")).status).to.equal(204);
    expect((await push("cloud-builds", "%%%")).status).to.equal(204);
    await pass();
    expect(got).to.deep.equal([]);
    await close();
  });
});
