import { expect } from "chai";
import { ManualClock, settle } from "../../../test/support/manual-clock.ts";
import type { OutgoingMessage, PubSubEvent, Subscription } from "../../ports/bus.ts";
import { MemoryQueue } from "../memory/memory-queue.ts";
import { openMemory } from "../memory/open-memory.ts";
import type { BusOptions } from "./bus-options.ts";
import { type DeliveryReport, EmbeddedBus } from "./embedded-bus.ts";
import { backoffMs } from "./push-event.ts";

const topic = "gantry-test";

function message(data: string, on = topic): OutgoingMessage {
  return { topic: on, id: null, data, attributes: {} };
}

function textOf(event: PubSubEvent): string {
  return JSON.parse(Buffer.from(event.data.message.data, "base64").toString());
}

function subscription(handler: Subscription["handler"], changes: Partial<Subscription> = {}): Subscription {
  const timing = { ackDeadlineMs: 1000, maxAttempts: 4, minBackoffMs: 100, maxBackoffMs: 250 };
  return { name: "test", topic, handler, ...timing, ...changes };
}

describe("EmbeddedBus", () => {
  let clock: ManualClock;
  const open = (options: BusOptions = {}) => openMemory({ clock, bus: options }).bus;
  beforeEach(() => {
    clock = new ManualClock();
  });

  it("delivers at once, without time passing, and then costs nothing", async () => {
    const got: string[] = [];
    const bus = open();
    bus.subscribe(subscription(async (event) => void got.push(textOf(event))));
    bus.start();
    await bus.publish([message("now")]);
    await settle();
    expect(got).to.deep.equal(["now"]);
    expect(clock.sleeping).to.equal(0);
  });

  it("waits twice as long after each failure, within the bounds", async () => {
    const times: number[] = [];
    const bus = open();
    bus.subscribe(
      subscription(() => {
        times.push(clock.now());
        throw new Error("at once");
      }),
    );
    bus.start();
    await bus.publish([message("bad")]);
    await clock.advance(10_000);
    expect(times.map((at) => at - (times[0] ?? 0))).to.deep.equal([0, 100, 300, 550]);
    expect((await bus.deadLetters({ limit: 1 }))[0]).to.include({ attempts: 4, lastError: "at once" });
    expect(clock.sleeping).to.equal(0);
  });

  it("keeps the backoff finite after any number of attempts", () => {
    expect(backoffMs({ attempt: 5000, minBackoffMs: 10, maxBackoffMs: 60_000 })).to.equal(60_000);
  });

  it("delivers again at the ack deadline, and takes a late success of the first delivery for both", async () => {
    const ends: (() => void)[] = [];
    const reports: DeliveryReport[] = [];
    const bus = open({ onDelivery: (report) => reports.push(report) });
    bus.subscribe(subscription(() => new Promise<void>((resolve) => void ends.push(resolve))));
    bus.start();
    await bus.publish([message("slow")]);
    await clock.advance(999);
    expect(ends).to.have.length(1);
    await clock.advance(1);
    expect(ends).to.have.length(2);
    ends[0]?.();
    await clock.advance(10_000);
    expect(ends).to.have.length(2);
    ends[1]?.();
    await settle();
    expect(reports.map(({ attempt, outcome, durationMs }) => [attempt, outcome, durationMs])).to.deep.equal([
      [1, "expired", 1000],
      [1, "acknowledged", 1000],
      [2, "expired", 1000],
      [2, "acknowledged", 11_000 - 1000],
    ]);
  });

  it("buries what never answers within its attempts, and ignores a failure after the deadline", async () => {
    const failures: ((error: Error) => void)[] = [];
    const bus = open();
    const hang = () => new Promise<void>((_, reject) => void failures.push(reject));
    bus.subscribe(subscription(hang, { maxAttempts: 2 }));
    bus.start();
    await bus.publish([message("hangs")]);
    await clock.advance(1500);
    failures[0]?.(new Error("too late to matter"));
    await clock.advance(1000);
    expect(failures).to.have.length(2);
    const [letter] = await bus.deadLetters({ limit: 9 });
    expect(letter).to.include({ attempts: 2, lastError: "no answer within 1000 ms" });
  });

  it("runs as many handlers as it may and no more, and shares them between subscriptions", async () => {
    const running = { slow: 0, other: 0 };
    const bus = open({ concurrency: 8 });
    const hang = (name: keyof typeof running) => () => {
      running[name] += 1;
      return new Promise<void>(() => {});
    };
    bus.subscribe(subscription(hang("slow"), { name: "slow", topic: "slow", ackDeadlineMs: 60_000 }));
    bus.subscribe(subscription(hang("other"), { name: "other", ackDeadlineMs: 60_000 }));
    bus.start();
    await bus.publish(Array.from({ length: 50 }, () => message("m", "slow")));
    await settle();
    expect(running).to.deep.equal({ slow: 6, other: 0 });
    await bus.publish(Array.from({ length: 50 }, () => message("m")));
    await settle();
    expect(running).to.deep.equal({ slow: 6, other: 2 });
  });

  it("goes on with the rest of a thousand messages around a poison one", async () => {
    const got = new Set<string>();
    const bus = open();
    bus.subscribe(
      subscription(async (event) => {
        if (textOf(event) === "500") throw new Error("poison");
        got.add(textOf(event));
      }),
    );
    bus.start();
    await bus.publish(Array.from({ length: 1000 }, (_, n) => message(String(n))));
    for (let turn = 0; turn < 20 && got.size < 999; turn += 1) await settle();
    expect(got.size).to.equal(999);
    await clock.advance(1000);
    expect(await bus.deadLetters({ limit: 9 })).to.have.length(1);
  });

  it("loses, repeats, delays and reorders messages where a rehearsal asks for it", async () => {
    const got: string[] = [];
    const disturb: BusOptions["disturb"] = ({ data }) => ({
      copies: data === "lost" ? 0 : data === "twice" ? 2 : 1,
      delayMs: data === "late" ? 500 : 0,
    });
    const bus = open({ disturb, messageId: () => "7" });
    bus.subscribe(subscription(async (event) => void got.push(`${event.id} ${textOf(event)}`)));
    bus.start();
    await bus.publish(["late", "lost", "twice", "plain"].map((data) => message(data)));
    await settle();
    expect(got).to.deep.equal(["7 twice", "7 twice", "7 plain"]);
    await clock.advance(500);
    expect(got.at(-1)).to.equal("7 late");
  });

  it("waits for running handlers when it stops, as long as it may, and starts no more", async () => {
    const ends: (() => void)[] = [];
    const bus = open();
    bus.subscribe(subscription(() => new Promise<void>((resolve) => void ends.push(resolve))));
    bus.start();
    await bus.publish([message("one")]);
    await settle();
    const patient = bus.stop({ graceMs: 300 });
    await bus.publish([message("two")]);
    await clock.advance(300);
    expect(await patient).to.equal(1);
    ends[0]?.();
    await settle();
    expect(await bus.stop({ graceMs: 300 })).to.equal(0);
    expect(ends).to.have.length(1);
    bus.start();
    await settle();
    expect(ends).to.have.length(2);
  });

  it("refuses a second handler under one name", () => {
    const bus = open();
    bus.subscribe(subscription(async () => {}));
    expect(() => bus.subscribe(subscription(async () => {}))).to.throw(
      "the subscription test has a handler already",
    );
  });

  it("reports trouble with its queue, tries again by itself, and does not spin", async () => {
    const troubles: unknown[] = [];
    const got: string[] = [];
    let broken = true;
    class SickQueue extends MemoryQueue {
      override async nextReadyAt(name: string): Promise<number | null> {
        if (broken) throw new Error("the disk is full");
        return super.nextReadyAt(name);
      }
    }
    const queue = new SickQueue({ clock, options: { messageId: () => "1", disturb: null } });
    const bus = new EmbeddedBus({
      queue,
      clock,
      project: "p",
      concurrency: 4,
      onDelivery: () => {},
      onTrouble: (error) => troubles.push(error),
    });
    bus.subscribe(subscription(async (event) => void got.push(textOf(event))));
    bus.start();
    await bus.publish([message("patient")]);
    await settle();
    expect(troubles.length).to.be.within(1, 2);
    await clock.advance(1000);
    broken = false;
    await clock.advance(1000);
    expect(troubles.length).to.be.within(2, 3);
    expect(got).to.deep.equal(["patient"]);
  });
});
