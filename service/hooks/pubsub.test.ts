import { expect } from "chai";
import { embeddedDoor } from "../../cli/runtime/push-door.ts";
import type { PushTrust } from "../../cli/runtime/push-trust.ts";
import type { EventHandler, PubSubEvent } from "../../shared/ports/bus.ts";
import { memoryEngine } from "../../test/contracts/embedded-engines.ts";
import { functionHarness } from "../../test/support/function-harness.ts";
import { serviceHarness } from "../../test/support/service-harness.ts";
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
