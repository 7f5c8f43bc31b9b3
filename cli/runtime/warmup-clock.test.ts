import { expect } from "chai";
import type { WarmupConfig } from "../../shared/domain/release-config.ts";
import type { LiveRelease } from "../../shared/domain/service-state.ts";
import {
  candidate,
  commitOf,
  monday,
  releaseBasics,
  releaseConfig,
  revisionName,
  serviceState,
} from "../../test/support/fixtures.ts";
import { functionHarness } from "../../test/support/function-harness.ts";
import { settle } from "../../test/support/manual-clock.ts";
import { WarmupClock } from "./warmup-clock.ts";

const minute = 60_000;
const stable = revisionName("background-removal-00001");
const live: LiveRelease = { ...releaseBasics(), candidate: candidate(), stable, since: monday };
const warmup: WarmupConfig = {
  days: ["mon"],
  holidays: [],
  from: "09:00",
  to: "21:00",
  zone: "UTC",
  leadMs: 10 * minute,
  mode: "minInstances",
  instances: 1,
  path: "/health",
  everyMs: 5 * minute,
};

async function running(warm: WarmupConfig | null) {
  const harness = functionHarness();
  const config = releaseConfig({ warmup: warm });
  const configs = [{ hash: live.configHash, config }];
  await harness.deps.store.commit(commitOf({ state: serviceState({ active: null, live }), configs }));
  const clock = new WarmupClock(harness.deps);
  await harness.clock.advance(20_000);
  const ended = clock.run();
  await settle();
  return { ...harness, stop: () => clock.stop(), ended };
}

describe("the schedule of the warmups in the embedded engine", () => {
  it("asks at once, and then at each full minute, under one name a minute", async () => {
    const { clock, published, stop, ended } = await running(warmup);
    await clock.advance(2 * minute);
    const first = Math.floor(monday / minute);
    expect(published).to.deep.equal(
      [first, first + 1, first + 2].map((at) => ({
        topic: "gantry-warmup",
        id: `warmup#all#${at}`,
        data: {},
      })),
    );
    expect(clock.now() - monday).to.equal(2 * minute + 20_000);
    stop();
    await ended;
    await clock.advance(5 * minute);
    expect(published).to.have.length(3);
  });

  it("asks for nothing where no service is kept warm", async () => {
    const { clock, published, stop } = await running(null);
    await clock.advance(5 * minute);
    expect(published).to.deep.equal([]);
    stop();
  });

  it("says in the log when it cannot ask, and goes on", async () => {
    const { clock, deps, lines, published, stop } = await running(warmup);
    const { publish } = deps.bus;
    deps.bus.publish = async () => {
      throw new Error("the disk is full");
    };
    await clock.advance(minute);
    expect(lines.filter(({ level }) => level === "error")).to.have.length(1);
    deps.bus.publish = publish;
    await clock.advance(minute);
    expect(published).to.have.length(2);
    stop();
  });
});
