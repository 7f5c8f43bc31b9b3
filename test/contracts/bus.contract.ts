import { expect } from "chai";
import type { JsonValue } from "../../shared/domain/release-config.ts";
import type {
  Bus,
  EventHandler,
  OutgoingMessage,
  PubSubEvent,
  Subscription,
} from "../../shared/ports/bus.ts";

/**
 * A bus with nothing in it. `begin` makes the subscriptions and starts to deliver; `pass` lets time pass, real or
 * not. `timing` is the shortest that this bus can be asked for.
 */
export type OpenedBus = Readonly<{
  bus: Bus;
  begin: (subscriptions: readonly Subscription[]) => Promise<void>;
  pass: (ms: number) => Promise<void>;
  timing: Readonly<{ ackDeadlineMs: number; minBackoffMs: number; maxBackoffMs: number }>;
  close: () => Promise<void>;
}>;

export type BusContract = Readonly<{ name: string; open: () => Promise<OpenedBus> }>;

const topic = "gantry-contract";

/** What every bus must do, in the words of the port. */
export function busContract({ name, open }: BusContract): void {
  describe(`${name} as a bus`, () => {
    let opened: OpenedBus;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    const subscription = (handler: EventHandler, changes: Partial<Subscription> = {}): Subscription => ({
      name: "contract",
      topic,
      handler,
      maxAttempts: 5,
      ...opened.timing,
      ...changes,
    });
    const publish = (...data: readonly JsonValue[]) => opened.bus.publish(data.map((each) => message(each)));
    const eventually = async (holds: () => boolean | Promise<boolean>) => {
      const { maxBackoffMs, ackDeadlineMs } = opened.timing;
      const stepMs = Math.max(1, Math.ceil(opened.timing.minBackoffMs / 2));
      for (let waitedMs = 0; !(await holds()); waitedMs += stepMs) {
        if (waitedMs > 10 * (maxBackoffMs + ackDeadlineMs)) throw new Error("it never happened");
        await opened.pass(stepMs);
      }
    };
    const buried = async () => (await opened.bus.deadLetters({ limit: 100 })).length;

    it("hands every message to every subscription of its topic, and to no other", async () => {
      const got: Record<string, JsonValue[]> = { one: [], two: [], other: [] };
      await opened.begin([
        subscription(collect(got["one"]), { name: "one" }),
        subscription(collect(got["two"]), { name: "two" }),
        subscription(collect(got["other"]), { name: "other", topic: "gantry-contract-other" }),
      ]);
      await publish(1, 2, 3);
      await eventually(() => got["one"]?.length === 3 && got["two"]?.length === 3);
      expect(got["one"]).to.have.members([1, 2, 3]);
      expect(got["two"]).to.have.members([1, 2, 3]);
      expect(got["other"]).to.deep.equal([]);
    });

    it("builds the event that Eventarc builds", async () => {
      const events: PubSubEvent[] = [];
      await opened.begin([subscription(async (event) => void events.push(event))]);
      await opened.bus.publish([{ topic, id: null, data: { grüße: "✓" }, attributes: { kind: "test" } }]);
      await eventually(() => events.length === 1);
      const [event] = events;
      const { message: body, subscription: path } = event!.data;
      expect(event).to.include({
        specversion: "1.0",
        type: "google.cloud.pubsub.topic.v1.messagePublished",
        datacontenttype: "application/json",
        id: body.messageId,
        time: body.publishTime,
      });
      expect(event!.source).to.match(
        /^\/\/pubsub\.googleapis\.com\/projects\/[^/]+\/topics\/gantry-contract$/,
      );
      expect(path).to.match(/^projects\/[^/]+\/subscriptions\/contract$/);
      expect(body.attributes).to.deep.equal({ kind: "test" });
      expect(body.publishTime).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
      expect(dataOf(event!)).to.deep.equal({ grüße: "✓" });
    });

    it("delivers again under the same id what the handler threw at, until it resolves", async () => {
      const ids: string[] = [];
      await opened.begin([
        subscription(async (event) => {
          ids.push(event.id);
          if (ids.length < 3) throw new Error("not yet");
        }),
      ]);
      await publish("again");
      await eventually(() => ids.length === 3);
      await opened.pass(4 * opened.timing.maxBackoffMs);
      expect(ids).to.have.length(3);
      expect(new Set(ids).size).to.equal(1);
      expect(await buried()).to.equal(0);
    });

    it("gives up after the attempts, tells why, and goes on with the neighbours", async () => {
      const good: JsonValue[] = [];
      let attempts = 0;
      await opened.begin([
        subscription(
          async (event) => {
            if (dataOf(event) !== "poison") return void good.push(dataOf(event));
            attempts += 1;
            throw new Error(`attempt ${attempts} failed`);
          },
          { maxAttempts: 3 },
        ),
      ]);
      await publish(1, "poison", 2);
      await eventually(async () => (await buried()) === 1 && good.length === 2);
      expect(attempts).to.equal(3);
      const [letter] = await opened.bus.deadLetters({ limit: 10 });
      expect(letter).to.include({ subscription: "contract", topic, attempts: 3, replayedAt: null });
      expect(letter?.message).to.include({ topic, data: "poison" });
      expect(letter?.lastError).to.include("attempt 3 failed");
    });

    it("delivers a dead letter again when it is replayed, attempts from zero, as often as it is replayed", async () => {
      let healthy = false;
      let handled = 0;
      await opened.begin([
        subscription(
          async () => {
            if (!healthy) throw new Error("ill");
            handled += 1;
          },
          { maxAttempts: 2 },
        ),
      ]);
      await publish("letter");
      await eventually(async () => (await buried()) === 1);
      const [letter] = await opened.bus.deadLetters({ limit: 10 });
      healthy = true;
      expect(await opened.bus.replayDeadLetter(letter!.id)).to.equal(true);
      expect(await opened.bus.replayDeadLetter(letter!.id)).to.equal(true);
      await eventually(() => handled === 2);
      expect((await opened.bus.deadLetters({ limit: 10 }))[0]?.replayedAt).to.be.a("number");
      expect(await opened.bus.replayDeadLetter("dead-987654321")).to.equal(false);
      expect(await opened.bus.replayDeadLetter("no such letter")).to.equal(false);
    });

    it("lists dead letters newest first, as many as asked for", async () => {
      await opened.begin([subscription(() => Promise.reject(new Error("no")), { maxAttempts: 1 })]);
      for (const data of ["first", "second", "third"]) {
        const before = await buried();
        await publish(data);
        await eventually(async () => (await buried()) > before);
        await opened.pass(1);
      }
      const letters = await opened.bus.deadLetters({ limit: 2 });
      expect(letters.map((letter) => letter.message.data)).to.deep.equal(["third", "second"]);
    });

    it("delivers again what takes longer than its deadline, whether or not it still runs", async () => {
      const ends: (() => void)[] = [];
      await opened.begin([subscription(() => new Promise<void>((resolve) => void ends.push(resolve)))]);
      await publish("slow");
      await eventually(() => ends.length === 2);
      for (const end of ends) end();
    });

    it("lets no handler that hangs block the others", async () => {
      const got: JsonValue[] = [];
      const hang = () => new Promise<void>(() => {});
      await opened.begin([
        subscription(hang, { name: "hangs", topic: "gantry-contract-slow" }),
        subscription(collect(got)),
      ]);
      const flood = Array.from({ length: 200 }, (_, n) => ({ ...message(n), topic: "gantry-contract-slow" }));
      await opened.bus.publish(flood);
      await publish("quick");
      await eventually(() => got.length === 1);
    });

    it("drops a second message with the id of the first on the same topic", async () => {
      const got: JsonValue[] = [];
      await opened.begin([subscription(collect(got))]);
      await opened.bus.publish([{ ...message("first"), id: "once" }]);
      await eventually(() => got.length === 1);
      await opened.bus.publish([{ ...message("second"), id: "once" }]);
      await opened.bus.publish([{ ...message("other"), id: "other" }]);
      await eventually(() => got.length === 2);
      await opened.pass(opened.timing.maxBackoffMs);
      expect(got).to.deep.equal(["first", "other"]);
    });

    it("treats every message without an id as one of its own", async () => {
      const got: JsonValue[] = [];
      await opened.begin([subscription(collect(got))]);
      await publish("same", "same");
      await eventually(() => got.length === 2);
    });
  });
}

function message(data: JsonValue): OutgoingMessage {
  return { topic, id: null, data, attributes: {} };
}

function dataOf(event: PubSubEvent): JsonValue {
  return JSON.parse(Buffer.from(event.data.message.data, "base64").toString("utf8"));
}

function collect(into: JsonValue[] = []): EventHandler {
  return async (event) => void into.push(dataOf(event));
}
