import { expect } from "chai";
import { releaseId, serviceKey } from "../../test/support/fixtures.ts";
import { functionHarness, pubSubEvent } from "../../test/support/function-harness.ts";
import { circumstancesNow } from "../adapters/system/step-tracing.ts";
import type { EventHandler, PubSubEvent } from "../ports/bus.ts";
import { traceOf, traceparent } from "../ports/tracing.ts";
import { delivering } from "./delivery.ts";

const whole = traceOf(releaseId());
const caller = { traceId: whole.traceId, spanId: "00f067aa0ba902b7" };

/** A message with these attributes; undefined = with none at all, as Pub/Sub sends it where there are none. */
function withAttributes(attributes: Readonly<Record<string, string>> | undefined): PubSubEvent {
  const event = pubSubEvent("gantry-events", {});
  const message = { ...event.data.message, attributes } as PubSubEvent["data"]["message"];
  return { ...event, data: { ...event.data, message } };
}

describe("a delivery", () => {
  async function deliver(attributes: Readonly<Record<string, string>> | undefined, fails = false) {
    const counts: string[] = [];
    const { deps } = functionHarness();
    const meters = {
      ...deps.meters,
      delivered: ({ subscription, end }: Readonly<{ subscription: string; end: string }>) =>
        void counts.push(`${subscription} ${end}`),
    };
    let now = circumstancesNow();
    const handler: EventHandler = async () => {
      now = circumstancesNow();
      if (fails) throw new Error("no");
    };
    const { handler: delivered } = delivering({ ...deps, meters }, { name: "notify-facts", handler });
    const error: unknown = await delivered(withAttributes(attributes)).catch((thrown: unknown) => thrown);
    return { now, counts, error };
  }

  it("is a step in the trace of its release, wherever the message says that it was published", async () => {
    const about = { release: releaseId(), service: serviceKey() };
    const { now } = await deliver({ ...about, traceparent: traceparent(caller) });
    expect(now?.place.traceId).to.equal(whole.traceId);
    expect(now?.facts).to.deep.equal({
      messageId: "message-1",
      releaseId: releaseId(),
      service: serviceKey(),
    });
    const other = traceparent({ traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: caller.spanId });
    for (const text of [other, "garbage", "00-0-0-01"])
      expect((await deliver({ ...about, traceparent: text })).now?.place.traceId).to.equal(whole.traceId);
  });

  it("has a trace of its own where it is about no release, and goes on with one that the message names", async () => {
    const { now } = await deliver(undefined);
    expect(now?.place.traceId)
      .to.match(/^[0-9a-f]{32}$/)
      .and.not.equal(whole.traceId);
    expect((await deliver({ traceparent: traceparent(caller) })).now?.place.traceId).to.equal(caller.traceId);
  });

  it("is counted by how it ended, and fails as its handler does", async () => {
    expect((await deliver({})).counts).to.deep.equal(["notify-facts done"]);
    const { counts, error } = await deliver({}, true);
    expect(counts).to.deep.equal(["notify-facts failed"]);
    expect(error).to.be.an("error").with.property("message", "no");
    expect(circumstancesNow()).to.equal(null);
  });
});
