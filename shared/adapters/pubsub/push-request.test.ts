import { expect } from "chai";
import { type PushRequest, readPush } from "./push-request.ts";

const place = { project: "p", prefix: "" };
const data = Buffer.from('{"n":1}').toString("base64");
const time = "2026-01-05T10:00:00.123Z";
const message = { data, attributes: { kind: "verify" }, messageId: "7", publishTime: time };
const source = "//pubsub.googleapis.com/projects/p/topics/gantry-verify";
const type = "google.cloud.pubsub.topic.v1.messagePublished";
const subscription = "projects/p/subscriptions/verify-work";

/** What every form of the same message is read as. */
const event = {
  specversion: "1.0",
  id: "7",
  type,
  source,
  time,
  datacontenttype: "application/json",
  data: { message, subscription },
};

const push = (changes: Partial<PushRequest>): PushRequest => ({
  headers: {},
  path: "/",
  body: { message, subscription },
  ...changes,
});

const binary = {
  "ce-specversion": "1.0",
  "ce-id": "7",
  "ce-type": type,
  "ce-source": source,
  "ce-time": time,
};

const path = "/projects/p/topics/gantry-verify";

const forms: readonly (readonly [string, PushRequest, object])[] = [
  ["an event of Eventarc in binary mode", push({ headers: binary }), event],
  [
    "an event in structured mode",
    push({
      body: { specversion: "1.0", id: "7", type, source, time, data: { message, subscription } },
    }),
    event,
  ],
  ["a plain push to an endpoint whose path names the topic", push({ path }), event],
  [
    "a push in the names of the older API",
    push({
      path,
      body: {
        message: { data, attributes: message.attributes, message_id: "7", publish_time: time },
        subscription,
      },
    }),
    event,
  ],
  [
    "what functions-framework makes of a push, which has no subscription",
    push({
      body: {
        specversion: "1.0",
        id: "7",
        type,
        source,
        time,
        datacontenttype: "application/json",
        data: { message: { "@type": "type.googleapis.com/google.pubsub.v1.PubsubMessage", ...message } },
      },
    }),
    { ...event, data: { message, subscription: "" } },
  ],
  [
    "a message without data, which functions-framework hands on as it came",
    push({
      path,
      body: { message: { attributes: message.attributes, messageId: "7", publishTime: time }, subscription },
    }),
    { ...event, data: { message: { ...message, data: "" }, subscription } },
  ],
  [
    "a message without attributes",
    push({ path, body: { message: { data, messageId: "7", publishTime: time }, subscription } }),
    { ...event, data: { message: { ...message, attributes: {} }, subscription } },
  ],
];

describe("readPush()", () => {
  for (const [form, request, expected] of forms)
    it(`reads ${form}`, () => {
      const read = readPush(request, place);
      expect(read).to.have.property("ok", true);
      expect(read.ok && read.push.event).to.deep.equal(expected);
      expect(read.ok && read.push.topic).to.equal("gantry-verify");
    });

  it("names no topic where neither event nor path does, as with the source that functions-framework then writes", () => {
    const bare = readPush(push({}), place);
    expect(bare.ok && bare.push.topic).to.equal(null);
    const framework = {
      specversion: "1.0",
      id: "7",
      type,
      source: "//pubsub.googleapis.com/",
      data: { message },
    };
    const read = readPush(push({ body: framework }), place);
    expect(read.ok && read.push).to.deep.include({ topic: null, attempt: null });
    expect(read.ok && read.push.event.source).to.equal("//pubsub.googleapis.com/projects/p/topics/");
  });

  it("tells which attempt it is where Pub/Sub counts them", () => {
    const attempt = (deliveryAttempt: number | null) => {
      const read = readPush(push({ body: { message, subscription, deliveryAttempt } }), place);
      return read.ok && read.push.attempt;
    };
    expect([attempt(3), attempt(0), attempt(null)]).to.deep.equal([3, null, null]);
  });

  it("takes the prefix of this installation from the topic, and leaves another's alone", () => {
    const topicIn = (prefixed: string) => {
      const read = readPush(push({ path: `/projects/p/topics/${prefixed}` }), {
        project: "p",
        prefix: "blue-",
      });
      return read.ok && [read.push.topic, read.push.event.source];
    };
    expect(topicIn("blue-gantry-verify")).to.deep.equal(["gantry-verify", source]);
    expect(topicIn("cloud-builds")).to.deep.equal([
      "cloud-builds",
      "//pubsub.googleapis.com/projects/p/topics/cloud-builds",
    ]);
    expect(topicIn("green-gantry-verify")).to.deep.equal([
      null,
      "//pubsub.googleapis.com/projects/p/topics/green-gantry-verify",
    ]);
  });

  const junk: readonly (readonly [string, Partial<PushRequest>, RegExp])[] = [
    ["no JSON", { body: undefined }, /not JSON/],
    ["a list", { body: [] }, /it is no push/],
    ["null", { body: null }, /it is no push/],
    ["no message", { body: { subscription } }, /message/],
    ["a message without an id", { body: { message: { data } } }, /no id/],
    ["data that is no text", { body: { message: { ...message, data: 5 } } }, /data/],
    [
      "attributes that are no texts",
      { body: { message: { ...message, attributes: { a: 1 } } } },
      /attributes/,
    ],
    [
      "an event of another type",
      { headers: { ...binary, "ce-type": "google.cloud.storage.object.v1.finalized" } },
      /storage.object/,
    ],
  ];
  for (const [what, changes, why] of junk)
    it(`says why ${what} is no push`, () => {
      const read = readPush(push(changes), place);
      expect(read).to.have.property("ok", false);
      expect(!read.ok && read.why).to.match(why);
    });
});
