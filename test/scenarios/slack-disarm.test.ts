import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { buttonsOf, DeployChannel } from "../../cli/rehearse/deploy-channel.ts";
import { startGantry } from "../../cli/runtime/embedded-process.ts";
import type { GantryProcess } from "../../cli/runtime/gantry-process.ts";
import { localSlack } from "../../cli/runtime/local-slack.ts";
import { type Slack, startSlack } from "../../emulator/slack/start-slack.ts";
import type { TrafficOutcome } from "../../shared/ports/run.ts";
import { MovableClock } from "../browser/movable-clock.ts";
import { cloudPorts } from "../support/cloud-ports.ts";
import {
  gantryYaml,
  OutsideWorld,
  openPolicy,
  releaseRequest,
  succeeded,
} from "../support/function-harness.ts";
import { firstRelease } from "../support/function-story.ts";
import { httpOptions } from "../support/http-options.ts";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const policy = openPolicy({
  approvers: { "@ml-oncall": ["maya"] },
  people: { maya: { github: [], slack: ["U0MAYA000"], google: [] } },
});
const config = gantryYaml(
  'approval: { required: true, from: ["@ml-oncall"], expires: 1h }\nnotify: { slack: "#deploys" }',
);
const limitMs = 10_000;

/** Gantry with its HTTP door before the local Slack and a Cloud Run whose traffic moves when a test says so. */
describe("the message of a release that is decided in Slack", function () {
  this.timeout(limitMs + 5_000);
  let folder: string;
  let slack: Slack;
  let gantry: GantryProcess;
  let channel: DeployChannel;
  let clock: MovableClock;
  let over: AbortController;
  let moving: Promise<void>;
  let moved: () => void;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gantry-disarm-"));
    over = new AbortController();
    clock = new MovableClock();
    const local = localSlack("a secret");
    slack = await startSlack(local.app);
    const { chat, door } = local.connect(slack);
    const world = new OutsideWorld();
    world.files.set("gantry.yaml", config);
    world.build = async () => succeeded();
    let began = (): void => undefined;
    moving = new Promise((resolve) => {
      began = resolve;
    });
    world.move = () =>
      new Promise<TrafficOutcome>((resolve) => {
        moved = () => resolve({ outcome: "effective" });
        began();
      });
    const cloud = cloudPorts(world);
    gantry = await startGantry({
      engine: {
        file: join(folder, "gantry.db"),
        cloud,
        chat,
        sourceSite: null,
        clock,
        policy,
        log,
        settings: { pollBuildEveryMs: 20, retryMinMs: 5 },
      },
      http: httpOptions({ tokens: [], slack: door, mode: "local" }),
    });
    local.listen(gantry.server.url);
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(limitMs)]);
    const hook = () => `${gantry.server.url}/hooks/slack`;
    channel = new DeployChannel({ slack, signingSecret: local.app.signingSecret, hook, signal });
    await gantry.engine.desk.requestRelease(releaseRequest());
    await channel.until("the question", () => nextEdit().length === 2 || undefined);
  });
  afterEach(async () => {
    over.abort();
    moved?.();
    await gantry.server.close();
    await gantry.engine.close({ graceMs: 0 });
    await slack.close();
    await rm(folder, { recursive: true });
  });

  const root = () => channel.roots(firstRelease)[0];
  const offered = () => {
    const message = root();
    return message === undefined ? [] : buttonsOf(message).map(({ action_id }) => action_id);
  };
  /** What is offered, now that the message may be edited again. */
  const nextEdit = () => {
    clock.putForward(100);
    return offered();
  };
  const told = () => JSON.stringify(root()?.blocks);

  it("has no buttons while the traffic moves, says who decided, and has those of the next status afterwards", async () => {
    await channel.click("@maya", firstRelease, "approve");
    const clickedAt = performance.now();
    await moving;
    await channel.until("a message without buttons", () => offered().length === 0 || undefined);
    const tookMs = performance.now() - clickedAt;
    expect(tookMs).to.be.below(2_000); // an edit like any other would come three seconds after the one before
    expect(told()).to.include("Moving to 10 % of traffic, approved by <@U0MAYA000>");
    expect((await gantry.engine.deps.store.release(firstRelease))?.percent).to.equal(0);
    moved();
    await channel.until("the buttons of a rollout", () => nextEdit().length === 3 || undefined);
    expect(offered()).to.deep.equal(["gantry.pause", "gantry.promote", "gantry.rollback"]);
    expect(told()).to.not.include("Moving to 10 %");
  });

  it("keeps its buttons where the click of somebody who may not decide was refused", async () => {
    await channel.click("@lee", firstRelease, "approve");
    await channel.until("a word to @lee", () => channel.whispers("@lee")[0]);
    expect(offered()).to.deep.equal(["gantry.approve", "gantry.reject"]);
    await channel.click("@maya", firstRelease, "approve");
    await moving;
  });

  it("is decided once by a click that comes twice, and by a second one on a screen that still shows the button", async () => {
    const seen = await channel.button(firstRelease, "approve");
    slack.faults.set("sends-twice");
    await channel.click("@maya", firstRelease, "approve");
    await moving;
    expect(await channel.clickSeen("@maya", seen)).to.include("was approved by");
    const events = await gantry.engine.deps.store.releaseEvents(firstRelease);
    expect(events.filter(({ event }) => event.type === "approval-given")).to.have.length(1);
    await channel.until("a message without buttons", () => offered().length === 0 || undefined);
  });
});
