import { expect } from "chai";
import type { EventType } from "../shared/domain/events.ts";
import { warmthOf } from "../shared/domain/warm-state.ts";
import { AppError } from "../shared/ports/app-error.ts";
import { topics } from "../shared/ports/bus.ts";
import type { ProbeRequest } from "../shared/ports/probe.ts";
import { createDesk } from "../shared/usecases/gantry-desk.ts";
import { person } from "../test/support/fixtures.ts";
import {
  type FunctionHarness,
  functionHarness,
  gantryYaml,
  pubSubEvent,
} from "../test/support/function-harness.ts";
import { deployedRelease, firstRelease, handOver } from "../test/support/function-story.ts";
import { rollout } from "./rollout.ts";
import { verify } from "./verify.ts";
import { warmup } from "./warmup.ts";

const minute = 60_000;
const hour = 60 * minute;
/** The fixtures' Monday begins at 09:00 UTC; the release is live a few minutes later. */
const hours = 'days: mon..fri, hours: "09:00..21:00", zone: UTC';

/** A release that is live, with this warmup. */
async function live(config: string): Promise<FunctionHarness> {
  const harness = functionHarness();
  harness.world.files.set("gantry.yaml", gantryYaml(config));
  await deployedRelease(harness);
  await handOver(harness, verify, topics.work.verify);
  await handOver(harness, rollout, topics.work.rollout);
  await handOver(harness, rollout, topics.work.rollout);
  expect((await harness.state()).live?.id).to.equal(firstRelease);
  return harness;
}

const tick = ({ deps, finished }: FunctionHarness, data: object = {}) =>
  finished(warmup(deps)(pubSubEvent(topics.warmup, data)));

/** The facts about warmth, in order. */
async function facts({ events }: FunctionHarness): Promise<readonly EventType[]> {
  return (await events(firstRelease)).filter((type) => type.startsWith("warmup-"));
}

describe("functions/warmup with minInstances", () => {
  const config = `warmup: { ${hours} }`;

  it("raises the minimum in the window and takes it back after it, once each", async () => {
    const harness = await live(config);
    for (let n = 0; n < 3; n += 1) await tick(harness);
    expect(harness.world.scaled).to.deep.equal([1]);
    await harness.clock.advance(12 * hour);
    for (let n = 0; n < 3; n += 1) await tick(harness);
    expect(harness.world.scaled).to.deep.equal([1, 0]);
    expect(await facts(harness)).to.deep.equal([
      "warmup-due",
      "warmup-raised",
      "warmup-due",
      "warmup-lowered",
    ]);
  });

  it("writes once when two instances are given the same tick", async () => {
    const harness = await live(config);
    await Promise.all([tick(harness), tick(harness), tick(harness, { service: harness.world.service })]);
    expect(harness.world.scaled).to.deep.equal([1]);
    expect(await facts(harness)).to.deep.equal(["warmup-due", "warmup-raised"]);
  });

  it("leaves a minimum alone that a person changed meanwhile, and says so once", async () => {
    const harness = await live(config);
    await tick(harness);
    harness.world.minimum = 3;
    for (let n = 0; n < 3; n += 1) await tick(harness);
    await harness.clock.advance(12 * hour);
    await tick(harness);
    expect(harness.world.minimum).to.equal(3);
    expect((await facts(harness)).filter((type) => type === "warmup-left-alone")).to.have.length(1);
  });

  it("takes a reading that is out of date for nobody's change", async () => {
    const harness = await live(config);
    await tick(harness);
    const read = harness.deps.run.readSettings;
    let stale = true;
    harness.deps.run.readSettings = async (service) => {
      const now = await read(service);
      const isOld = stale;
      stale = false;
      if (!isOld || now === null) return now;
      const { instances } = now.settings.service;
      const service_ = { ...now.settings.service, instances: { ...instances, min: null } };
      return { ...now, settings: { ...now.settings, service: service_ } };
    };
    await tick(harness);
    expect(stale).to.equal(false);
    expect(await facts(harness)).to.deep.equal(["warmup-due", "warmup-raised"]);
  });

  it("tries again after a pause where Cloud Run refuses, and goes on with the other services", async () => {
    const harness = await live(config);
    const asked = harness.world.scale;
    harness.world.scale = async () => ({ outcome: "refused", message: "quota" });
    await tick(harness);
    await tick(harness);
    expect(warmthOf(await harness.state()).backoff).to.include({ message: "quota", tries: 1 });
    harness.world.scale = asked;
    await harness.clock.advance(6 * minute);
    await tick(harness);
    expect(harness.world.scaled).to.deep.equal([1]);
  });

  it("says in the log when Cloud Run cannot be read, and acknowledges: the next minute tries again", async () => {
    const harness = await live(config);
    const read = harness.deps.run.readSettings;
    harness.deps.run.readSettings = async () => {
      throw new AppError({ code: "run-unavailable", message: "14 UNAVAILABLE", transient: true });
    };
    await tick(harness);
    expect(harness.lines.map(({ message }) => message)).to.include(
      "Could not keep a service warm; trying again",
    );
    harness.deps.run.readSettings = read;
    await tick(harness);
    expect(harness.world.scaled).to.deep.equal([1]);
  });

  it("stands back while the service is rolled back", async () => {
    const harness = await live(config);
    await tick(harness);
    const desk = createDesk(harness.deps);
    await desk.rollBack({ service: harness.world.service, to: null, by: person, reason: "grey edges" });
    await harness.clock.advance(12 * hour);
    await tick(harness);
    expect(harness.world.scaled).to.deep.equal([1]);
  });

  it("is asked for by a person at any hour, and called off again", async () => {
    const harness = await live("");
    const { service } = harness.world;
    const desk = createDesk(harness.deps);
    expect(await desk.warm({ service, forMs: 2 * hour, by: person })).to.include({
      ok: true,
      message: `${service} is kept warm for 120 minutes.`,
    });
    expect(harness.published.at(-1)).to.deep.include({ topic: "gantry-warmup", data: { service } });
    await tick(harness, { service });
    expect(harness.world.minimum).to.equal(1);
    expect(await desk.coolDown({ service, by: person })).to.include({ ok: true });
    await tick(harness, { service });
    expect(harness.world.minimum).to.equal(0);
    await desk.warm({ service, forMs: minute, by: person });
    await tick(harness, { service });
    await harness.clock.advance(2 * minute);
    await tick(harness);
    expect(harness.world.scaled).to.deep.equal([1, 0, 1, 0]);
  });

  it("has nothing to keep warm before a release is live", async () => {
    const harness = functionHarness();
    await deployedRelease(harness);
    const { service } = harness.world;
    const answer = await createDesk(harness.deps).warm({ service, forMs: hour, by: person });
    expect(answer).to.include({ ok: false, code: "nothing-live" });
    await tick(harness);
    expect(harness.world.scaled).to.deep.equal([]);
  });
});

describe("functions/warmup with pings", () => {
  const config = `warmup: { ${hours}, mode: ping, path: /ready }`;

  async function pinged(): Promise<FunctionHarness & Readonly<{ asked: ProbeRequest[] }>> {
    const harness = await live(config);
    const asked: ProbeRequest[] = [];
    const { probe } = harness.deps;
    harness.deps.probe.request = async (request) => {
      asked.push(request);
      return harness.world.answer();
    };
    expect(probe).to.equal(harness.deps.probe);
    return { ...harness, asked };
  }

  it("asks the path once every five minutes, however often the schedule fires and whoever else does", async () => {
    const harness = await pinged();
    await Promise.all([tick(harness), tick(harness)]);
    await tick(harness);
    expect(harness.asked.map(({ url, headers }) => [url, headers["user-agent"]])).to.deep.equal([
      ["https://g-release-1---background-removal.test/ready", "gantry-warmup"],
    ]);
    await harness.clock.advance(5 * minute);
    await tick(harness);
    expect(harness.asked).to.have.length(2);
    expect(await facts(harness)).to.deep.equal(["warmup-pings-began"]);
  });

  it("asks no URL whose tag is on its way out", async () => {
    const harness = await pinged();
    const read = harness.deps.run.readSettings;
    harness.deps.run.readSettings = async (service) => {
      const reading = await read(service);
      if (reading === null) return null;
      const desired = reading.snapshot.desired.filter(({ tag }) => tag === null);
      return { ...reading, snapshot: { ...reading.snapshot, desired } };
    };
    await tick(harness);
    expect(harness.asked.map(({ url }) => url)).to.deep.equal(["https://background-removal.test/ready"]);
  });

  it("pauses for longer and longer while the service answers 429", async () => {
    const harness = await pinged();
    harness.world.status = () => 429;
    const at: number[] = [];
    for (let passed = 0; passed <= 60; passed += 1) {
      const before = harness.asked.length;
      await tick(harness);
      if (harness.asked.length > before) at.push(passed);
      await harness.clock.advance(minute);
    }
    expect(at.slice(0, 4).map((moment, index) => moment - (at[index - 1] ?? 0))).to.deep.equal([
      0, 5, 10, 20,
    ]);
  });
});

describe("functions/warmup on a hand-off", () => {
  it("writes the minimum that is owed", async () => {
    const harness = await live(`warmup: { ${hours} }`);
    const asked = harness.world.scale;
    harness.world.scale = () =>
      Promise.reject(new AppError({ code: "run-unavailable", message: "14", transient: true }));
    await tick(harness);
    expect((await harness.deps.store.owedWork(harness.world.service)).map(({ kind }) => kind)).to.deep.equal([
      "set-minimum",
    ]);
    harness.world.scale = asked;
    await harness.clock.advance(minute);
    await handOver(harness, warmup, topics.work.warmup);
    expect(harness.world.scaled).to.deep.equal([1]);
  });
});
