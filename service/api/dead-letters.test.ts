import { expect } from "chai";
import { memoryDeadLetters } from "../../shared/adapters/memory/memory-dead-letters.ts";
import { PubSubBus } from "../../shared/adapters/pubsub/pubsub-bus.ts";
import type { LaidAside } from "../../shared/ports/dead-letters.ts";
import { monday } from "../../test/support/fixtures.ts";
import { realClock } from "../../test/support/real-clock.ts";
import { jsonOf, operatorToken, serviceHarness } from "../../test/support/service-harness.ts";

/** The service on Pub/Sub, which nothing is published on, with this letter kept. */
async function keeping(changes: Partial<LaidAside>) {
  const deadLetters = memoryDeadLetters();
  await deadLetters.keep({
    id: "dead-1",
    subscription: "build-releases",
    topic: "gantry-releases",
    data: Buffer.from("{}").toString("base64"),
    attributes: {},
    attempts: 1,
    lastError: "its data is not JSON",
    deadAt: monday,
    replayedAt: null,
    ...changes,
  });
  const connection = {
    client: () => Promise.reject(new Error("something was published")),
    close: async () => undefined,
  };
  const bus = new PubSubBus({
    connection,
    place: { project: "p", prefix: "" },
    deadLetters,
    clock: realClock,
  });
  const { app } = serviceHarness({ bus });
  const ask = (path: string, method = "GET") =>
    app.request(`/api/v1/deadletters${path}`, {
      method,
      headers: { authorization: `Bearer ${operatorToken}` },
    });
  return { deadLetters, ask };
}

describe("dead letters on Google Cloud, through the API,", () => {
  it("are listed where they are cut, and not delivered again, with the reason", async () => {
    const { ask, deadLetters } = await keeping({ cutFrom: 1_000_000 });
    const listed = await jsonOf(await ask(""));
    expect(listed).to.have.nested.include({ "deadletters[0].cutFrom": 1_000_000 });
    const answer = await ask("/dead-1/replay", "POST");
    expect(answer.status).to.equal(409);
    const { code, detail } = await jsonOf(answer);
    expect(code).to.equal("replay-refused");
    expect(detail).to.match(/^dead-1 is not delivered again, .* it had 1000000 bytes, more than can be kept/);
    expect((await deadLetters.get("dead-1"))?.replayedAt).to.equal(null);
  });

  for (const [what, changes, reason] of [
    [
      "are Cloud Build's own",
      { topic: "cloud-builds", subscription: "deploy-builds" },
      /asks Cloud Build itself .* nothing is lost/,
    ],
    ["name no topic", { topic: "", subscription: "" }, /names no topic/],
  ] as const) {
    it(`are not published again where they ${what}: the answer says why`, async () => {
      const { ask, deadLetters } = await keeping(changes);
      const answer = await ask("/dead-1/replay", "POST");
      expect(answer.status).to.equal(409);
      const { code, detail } = await jsonOf(answer);
      expect(code).to.equal("replay-refused");
      expect(detail).to.match(reason);
      expect((await deadLetters.get("dead-1"))?.replayedAt).to.equal(null);
    });
  }
});
