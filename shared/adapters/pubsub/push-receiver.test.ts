import { expect } from "chai";
import { realClock } from "../../../test/support/real-clock.ts";
import { AppError } from "../../ports/app-error.ts";
import type { EventHandler, PubSubEvent } from "../../ports/bus.ts";
import { mostKeptBytes } from "../../ports/dead-letters.ts";
import { deadLetterMessage, type GivenUp, readDeadLetter } from "./dead-letter-message.ts";
import { createPushReceiver, type PushReceiverOptions, type RawPush } from "./push-receiver.ts";

const place = { project: "p", prefix: "" };
const time = "2026-01-05T10:00:00.123Z";
const known = [
  { name: "verify-work", topic: "gantry-verify" },
  { name: "deploy-builds", topic: "cloud-builds" },
];

function pushed(
  changes: Readonly<Record<string, unknown>> = {},
  path = "/projects/p/topics/gantry-verify",
): RawPush {
  const message = {
    data: Buffer.from('{"n":1}').toString("base64"),
    attributes: { a: "b" },
    messageId: "7",
    publishTime: time,
  };
  const body = { message, subscription: "projects/p/subscriptions/verify-work", ...changes };
  return { headers: {}, path, body, raw: Buffer.from(JSON.stringify(body)) };
}

function receiver(handler: EventHandler, changes: Partial<PushReceiverOptions> = {}) {
  const laid: GivenUp[] = [];
  const receive = createPushReceiver({
    place,
    subscriptions: known.map((one) => ({ ...one, maxAttempts: 3, handler })),
    layAside: async (given) => void laid.push(given),
    clock: realClock,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    ...changes,
  });
  return { receive, laid };
}

const fails = (error: unknown) => () => Promise.reject(error);
const poison = new AppError({ code: "message-invalid", message: "cannot be read", transient: false });

describe("createPushReceiver()", () => {
  it("hands a push to the handler of its topic, and acknowledges it once that resolves", async () => {
    const got: PubSubEvent[] = [];
    const { receive, laid } = receiver(async (event) => void got.push(event));
    expect(await receive(pushed())).to.equal("acknowledged");
    expect(got.map(({ source }) => source)).to.deep.equal([
      "//pubsub.googleapis.com/projects/p/topics/gantry-verify",
    ]);
    expect(laid).to.deep.equal([]);
  });

  it("knows the topic by the subscription where nothing else names it, one of another project too", async () => {
    const got: string[] = [];
    const { receive } = receiver(async ({ source }) => void got.push(source));
    await receive(pushed({}, "/"));
    await receive(pushed({ subscription: "projects/p/subscriptions/deploy-builds-shop" }, "/"));
    expect(got.map((source) => source.split("/").at(-1))).to.deep.equal(["gantry-verify", "cloud-builds"]);
  });

  it("asks for what may succeed later to come again", async () => {
    const { receive, laid } = receiver(fails(new Error("away")));
    expect(await receive(pushed())).to.equal("again");
    expect(await receive(pushed({ deliveryAttempt: 2 }))).to.equal("again");
    expect(laid).to.deep.equal([]);
  });

  const givenUp: readonly (readonly [string, RawPush, unknown, Partial<GivenUp>])[] = [
    [
      "what no handler can read, at its first attempt",
      pushed(),
      poison,
      { subscription: "verify-work", topic: "gantry-verify", attempts: 1, error: "cannot be read" },
    ],
    [
      "what failed at its last attempt",
      pushed({ deliveryAttempt: 3 }),
      new Error("still away"),
      { subscription: "verify-work", attempts: 3, error: "still away" },
    ],
    [
      "what nobody here hears of",
      pushed({}, "/projects/p/topics/gantry-other"),
      null,
      { topic: "gantry-other", error: "nothing here hears of gantry-other" },
    ],
    [
      "what is no push",
      { headers: {}, path: "/", body: undefined, raw: Buffer.from("%%%") },
      null,
      { data: Buffer.from("%%%").toString("base64"), error: "its body is not JSON" },
    ],
  ];
  for (const [what, request, error, expected] of givenUp)
    it(`lays aside ${what}, and acknowledges it`, async () => {
      const { receive, laid } = receiver(error === null ? async () => undefined : fails(error));
      expect(await receive(request)).to.equal("laid-aside");
      expect(laid).to.have.length(1);
      expect(laid[0]).to.deep.include(expected);
    });

  it("asks for what could not be laid aside to come again", async () => {
    const { receive } = receiver(fails(poison), { layAside: fails(new Error("Pub/Sub is away")) });
    expect(await receive(pushed())).to.equal("again");
  });

  it("leaves a replayed message to the subscription that gave it up", async () => {
    const got: PubSubEvent[] = [];
    const { receive } = receiver(async (event) => void got.push(event));
    const replayed = (whose: string) => {
      const attributes = { "gantry-replay-for": whose };
      return pushed({ message: { data: "", attributes, messageId: "8", publishTime: time } });
    };
    expect(await receive(replayed("somebody-else"))).to.equal("acknowledged");
    expect(got).to.have.length(0);
    expect(await receive(replayed("verify-work"))).to.equal("acknowledged");
    expect(got).to.have.length(1);
  });
});

describe("dead letters", () => {
  const given: GivenUp = {
    subscription: "verify-work",
    topic: "gantry-verify",
    data: Buffer.from("poison").toString("base64"),
    attributes: { a: "b" },
    publishTime: "2026-01-05T10:00:00.123Z",
    attempts: 1,
    error: "cannot be read",
  };
  const arrived = (attributes: Readonly<Record<string, string>>, data = given.data): PubSubEvent => ({
    specversion: "1.0",
    id: "99",
    type: "google.cloud.pubsub.topic.v1.messagePublished",
    source: "//pubsub.googleapis.com/projects/p/topics/gantry-dead-letters",
    time: "2026-01-05T10:05:00Z",
    datacontenttype: "application/json",
    data: {
      message: { data, attributes, messageId: "99", publishTime: "2026-01-05T10:05:00Z" },
      subscription: "projects/p/subscriptions/gantry-dead-letters",
    },
  });
  const byGoogle = {
    a: "b",
    CloudPubSubDeadLetterSourceSubscription: "verify-work",
    CloudPubSubDeadLetterSourceSubscriptionProject: "p",
    CloudPubSubDeadLetterSourceTopicPublishTime: "2026-01-05T10:00:00.123+00:00",
    CloudPubSubDeadLetterSourceDeliveryCount: "5",
  };

  it("come back as they were laid aside", () => {
    const letter = readDeadLetter(arrived(deadLetterMessage(given).attributes), { known, place });
    expect(letter).to.deep.include({
      subscription: "verify-work",
      topic: "gantry-verify",
      data: given.data,
      attributes: { a: "b" },
      attempts: 1,
      lastError: "cannot be read",
      deadAt: Date.parse("2026-01-05T10:05:00Z"),
      replayedAt: null,
    });
  });

  it("keep the beginning of data that is too long to be kept, and say how long it was", () => {
    const long = (bytes: number) => Buffer.alloc(bytes, "ab").toString("base64");
    const { attributes } = deadLetterMessage(given);
    const kept = (bytes: number) => readDeadLetter(arrived(attributes, long(bytes)), { known, place });
    const whole = kept(mostKeptBytes);
    expect(whole).to.include({ data: long(mostKeptBytes), lastError: "cannot be read" });
    expect(whole).to.not.have.property("cutFrom");
    const cut = kept(1_000_001);
    expect(cut).to.include({ data: long(mostKeptBytes), cutFrom: 1_000_001 });
    expect(cut.lastError).to.equal("cannot be read; of its 1000001 bytes the first 737280 are kept");
    expect(new Set([whole.id, cut.id, kept(1_000_003).id])).to.have.length(3);
  });

  it("are nobody's replay any more, so that whoever keeps them takes them", () => {
    const replayed = { ...given, attributes: { a: "b", "gantry-replay-for": "verify-work" } };
    expect(deadLetterMessage(replayed).attributes).to.not.have.property("gantry-replay-for");
  });

  it("are the same letter whoever laid them aside, function or Pub/Sub, and however often", () => {
    const own = readDeadLetter(arrived(deadLetterMessage(given).attributes), { known, place });
    const googles = readDeadLetter(arrived(byGoogle), { known, place });
    expect(googles).to.deep.include({
      id: own.id,
      topic: "gantry-verify",
      attempts: 5,
      attributes: { a: "b" },
    });
    expect(googles.lastError).to.match(
      /^no handler answered in time, or its process ended; the log of verify/,
    );
  });

  it("fit into what Pub/Sub takes, however long the error and however many attributes there are", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`key-${n}`, "v"]));
    const { attributes } = deadLetterMessage({ ...given, attributes: many, error: "ß".repeat(2_000) });
    expect(Object.keys(attributes)).to.have.length.below(101);
    for (const value of Object.values(attributes)) expect(Buffer.byteLength(value)).to.be.below(1_025);
  });
});
