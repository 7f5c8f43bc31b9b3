import { expect } from "chai";
import { createJsonLog } from "../../shared/adapters/system/json-log.ts";
import { createTracing } from "../../shared/adapters/system/step-tracing.ts";
import { topics } from "../../shared/ports/bus.ts";
import { traceOf, traceparent } from "../../shared/ports/tracing.ts";
import { releaseIdFor } from "../../shared/usecases/release-id.ts";
import { cloudPorts } from "../../test/support/cloud-ports.ts";
import { functionHarness, releaseRequest } from "../../test/support/function-harness.ts";
import { googleDoor } from "./google-door.ts";
import { openGoogleEngine } from "./google-engine.ts";
import { readGoogleSettings } from "./google-settings.ts";

const emulator = "127.0.0.1:1"; // nothing is asked of it

/** A push of this message, taken by a door whose state is in memory; what was told of it meanwhile, in order. */
async function taken({
  topic,
  data,
  attributes,
}: Readonly<{ topic: string; data: object; attributes: object }>) {
  const { deps, world, finished } = functionHarness();
  const told: string[] = [];
  const lines: string[] = [];
  const google = readGoogleSettings({
    GOOGLE_CLOUD_PROJECT: "acme-ops",
    PUBSUB_EMULATOR_HOST: emulator,
    FIRESTORE_EMULATOR_HOST: emulator,
  });
  if ("missing" in google) throw new Error(google.missing.join("; "));
  const engine = await openGoogleEngine({ ...deps, google, cloud: cloudPorts(world) });
  const tracing = createTracing({
    begin: ({ name }, { traceId }) => {
      told.push(`${name} in ${traceId}`);
      return { spanId: "00f067aa0ba902b7", fail: () => undefined, end: () => undefined };
    },
    note: () => undefined,
    settle: async () => void told.push("sent"),
  });
  const meters = {
    ...deps.meters,
    delivered: ({ subscription, end }: Readonly<{ subscription: string; end: string }>) =>
      void told.push(`${subscription} ${end}`),
  };
  const log = createJsonLog({ write: (line) => void lines.push(line) });
  const publishLeft = async (): Promise<void> => undefined;
  const door = googleDoor(
    { ...engine, deps: { ...deps, tracing, meters, log }, publishLeft },
    { trust: async () => ({ verdict: "trusted" }), pace: { forMs: 1_000, everyMs: 1_000 } },
  );
  const body = {
    message: {
      data: Buffer.from(JSON.stringify(data)).toString("base64"),
      messageId: "message-1",
      attributes,
    },
  };
  const raw = new TextEncoder().encode(JSON.stringify(body));
  const outcome = await finished(door.take({ topic, headers: {}, body, raw }));
  told.push(outcome);
  await engine.close({ graceMs: 0 });
  return { told, lines: lines.map((line): unknown => JSON.parse(line)) };
}

describe("the door for pushes in the place of the functions", () => {
  it("counts a delivery, tells of it in the trace of its release before it answers, and names both in each line", async () => {
    const request = releaseRequest({ repository: "evil/fork" });
    const release = releaseIdFor(request.requestId);
    const { told, lines } = await taken({ topic: topics.releases, data: request, attributes: { release } });
    const { traceId } = traceOf(release);
    const step = `receive build-releases in ${traceId}`;
    expect(told).to.deep.equal([step, "sent", "build-releases done", "acknowledged"]);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({
      message: "Refused a request for a release",
      messageId: "message-1",
      releaseId: release,
      "logging.googleapis.com/trace": traceId,
    });
  });

  it("goes on with the trace that a message names, also where the clock calls", async () => {
    const place = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
    const attributes = { traceparent: traceparent(place) };
    const { told } = await taken({ topic: topics.sweep, data: {}, attributes });
    const step = `receive sweep-clock in ${place.traceId}`;
    expect(told).to.deep.equal([step, "sent", "sweep-clock done", "acknowledged"]);
  });
});
