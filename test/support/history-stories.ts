import type { ReleaseId } from "../../shared/domain/ids.ts";
import type { Policy } from "../../shared/domain/policy.ts";
import type { Settings } from "../../shared/usecases/deps.ts";
import { image, person, revisionName } from "./fixtures.ts";
import { buildReport, buildSnapshot, openPolicy } from "./function-harness.ts";
import { HistoryPlay, type RecordedCommit } from "./history-play.ts";
import { buildId } from "./release-story.ts";
import { revisionSettings, serviceSettings } from "./settings.ts";

const minute = 60_000;
const hour = 60 * minute;
const gib = 2 ** 30;
const maya = { kind: "person", name: "maya", via: "console" } as const;
const inSlack = { kind: "person", name: "ada", via: "slack", id: "U01" } as const;
const zoe = { kind: "person", name: "zoe" } as const;
const approved = "approval: { required: true, from: [maya, zoe], count: 2, expires: 1h }";
const guarded = "guardrails: { gpu: { type: nvidia-l4 }, memory: 32Gi }";

type Story = Readonly<{
  settings?: Partial<Settings>;
  policy?: Policy;
  play: (play: HistoryPlay) => Promise<void>;
}>;

function built(play: HistoryPlay): void {
  const { world } = play;
  world.build = async () => buildSnapshot({ status: "succeeded", image: world.candidate.image });
}

async function live(play: HistoryPlay, n: number): Promise<ReleaseId> {
  built(play);
  const id = await play.ask(n);
  await play.until("release-live", id);
  await play.until("leftovers-tidied", id);
  return id;
}

async function approvalOf({ deps }: HistoryPlay, id: ReleaseId): Promise<string> {
  return (await deps.store.release(id))?.approval?.id ?? "";
}

const approvedAndTakenBack: Story = {
  play: async (play) => {
    play.yaml(approved);
    built(play);
    const first = await play.ask(0);
    await play.until("approval-requested", first);
    await play.pass(minute);
    const approvalId = await approvalOf(play, first);
    for (const by of [person, maya, zoe]) await play.desk.approve({ releaseId: first, by, approvalId });
    await play.until("traffic-moved", first);
    await play.desk.pause({ releaseId: first, by: inSlack });
    await play.pass(30_000);
    await play.desk.resume({ releaseId: first, by: person });
    await play.desk.promote({ releaseId: first, by: person });
    await play.until("leftovers-tidied", first);
    play.yaml("");
    const second = await live(play, 1);
    await play.desk.rollBack({ service: play.world.service, to: null, by: maya, reason: "grey edges" });
    await play.until("release-rolled-back", second);
    await play.until("release-reinstated", first);
    await play.desk.freeDigest({ service: play.world.service, digest: image("d1").digest, by: person });
    await play.pass(minute);
  },
};

const builtTwice: Story = {
  play: async (play) => {
    const { world } = play;
    const id = await play.ask(0);
    await play.until("build-polled", id);
    const lost = buildReport({ state: "internal-error", detail: "the worker was lost" });
    world.build = async () => buildSnapshot({ status: "failed", report: lost });
    world.start = async () => ({ outcome: "started", build: buildSnapshot({ id: buildId("build-2") }) });
    await play.until("build-lost", id);
    await play.when(async () => play.world.builds.length === 2, "a second build");
    const failed = buildReport({ detail: "step 1 failed" });
    world.build = async () => buildSnapshot({ id: buildId("build-2"), status: "failed", report: failed });
    await play.until("release-failed", id);
    await play.until("leftovers-tidied", id);
  },
};

const queuedAndSuperseded: Story = {
  play: async (play) => {
    built(play);
    const first = await play.ask(0);
    await play.until("traffic-moved", first);
    const second = await play.ask(1);
    await play.until("release-queued", second);
    const third = await play.ask(2);
    await play.until("release-superseded", second);
    play.becomes(0);
    await play.until("release-live", first);
    play.becomes(2);
    play.world.build = async () => buildSnapshot({ status: "working" });
    await play.until("build-started", third);
    const fourth = await play.ask(3);
    await play.until("release-superseded", third);
    await play.until("build-started", fourth);
    await play.desk.cancel({ releaseId: fourth, by: maya, reason: "not on a Monday" });
    await play.until("leftovers-tidied", fourth);
  },
};

const badAtTheGate: Story = {
  play: async (play) => {
    built(play);
    play.world.status = () => 500;
    const id = await play.ask(0);
    await play.until("gate-failed", id);
    await play.until("leftovers-tidied", id);
  },
};

const badUnderTraffic: Story = {
  play: async (play) => {
    play.yaml("verify: { checks: [{ name: health, get: /health, status: 200 }] }");
    built(play);
    const id = await play.ask(0);
    await play.until("watch-went-on", id);
    play.world.status = () => 500;
    await play.until("watch-failed", id);
    await play.until("release-rolled-back", id);
    await play.until("leftovers-tidied", id);
  },
};

const notApproved: Story = {
  play: async (play) => {
    play.yaml(approved);
    built(play);
    const first = await play.ask(0);
    await play.until("approval-requested", first);
    const approvalId = await approvalOf(play, first);
    await play.desk.reject({ releaseId: first, by: maya, approvalId, reason: "not today" });
    await play.until("leftovers-tidied", first);
    const second = await play.ask(1);
    await play.until("approval-requested", second);
    await play.harness.clock.advance(hour);
    await play.until("release-rejected", second);
    await play.until("leftovers-tidied", second);
  },
};

const movedByHand: Story = {
  play: async (play) => {
    const to = (name: string) => [{ revision: revisionName(name), percent: 100 }];
    built(play);
    const first = await play.ask(0);
    await play.until("watch-went-on", first);
    play.world.split = to("background-removal-00009");
    await play.until("release-held", first);
    await play.desk.cancel({ releaseId: first, by: person, reason: "on purpose" });
    await play.until("release-cancelled", first);
    const second = await play.ask(1);
    await play.until("bake-began", second);
    play.world.split = to("background-removal-00008");
    await play.until("release-held", second);
    await play.desk.rollBack({ service: play.world.service, to: null, by: person, reason: "" });
    await play.until("release-rolled-back", second);
    await play.pass(minute);
  },
};

const guardRails: Story = {
  play: async (play) => {
    play.yaml(guarded);
    built(play);
    play.world.settings = serviceSettings({ memoryBytes: 16 * gib, instances: { min: 1, max: 3 } });
    const stopped = await play.ask(0);
    await play.until("preflight-failed", stopped);
    const allowChange = { settings: ["memory"], reason: "smaller model" } as const;
    const reference = `${image("d1").name}@${image("d1").digest}`;
    const given = await play.ask(1, { allowChange, image: reference, explicit: true });
    await play.until("image-given", given);
    await play.until("leftovers-tidied", given);
    play.world.settings = serviceSettings();
    await play.pass(10 * minute);
    await play.desk.acceptChanges({ service: play.world.service, by: person, reason: "more memory" });
    play.world.deployed = revisionSettings({ gpu: null });
    const broken = await play.ask(2);
    await play.until("guardrail-broken", broken);
    await play.until("leftovers-tidied", broken);
  },
  settings: { driftEveryMs: 5 * minute },
  policy: openPolicy({ images: ["**"] }),
};

const changedByHand: Story = {
  play: async (play) => {
    const id = await live(play, 0);
    await play.pass(6 * minute);
    play.world.modifiedBy = "eve@example.com";
    play.world.settings = serviceSettings({ concurrency: 80 });
    await play.until("drift-found", id);
    play.world.settings = serviceSettings();
    await play.until("drift-gone", id);
    play.world.settings = serviceSettings({ concurrency: 80 });
    await play.when(
      async () => (await play.deps.store.load(play.world.service)).state.drift !== undefined,
      "drift",
    );
    await play.desk.acceptChanges({ service: play.world.service, by: person, reason: "on purpose" });
    await play.pass(minute);
  },
  settings: { driftEveryMs: 5 * minute },
};

const keptWarm: Story = {
  play: async (play) => {
    const { world, harness } = play;
    const { service } = world;
    play.yaml('warmup: { days: mon..fri, hours: "09:00..21:00", zone: UTC }');
    await live(play, 0);
    const asAsked = world.scale;
    world.scale = async () => ({ outcome: "refused", message: "quota" });
    await play.tickWarmup();
    world.scale = asAsked;
    await harness.clock.advance(10 * minute);
    await play.tickWarmup();
    await harness.clock.advance(12 * hour);
    await play.tickWarmup();
    await play.desk.warm({ service, forMs: hour, by: person });
    await play.tickWarmup();
    await play.desk.coolDown({ service, by: maya });
    await play.tickWarmup();
    await harness.clock.advance(12 * hour);
    await play.tickWarmup();
    world.minimum = 3;
    await play.tickWarmup();
  },
};

const pinged: Story = {
  play: async (play) => {
    play.yaml('warmup: { days: mon..fri, hours: "09:00..21:00", zone: UTC, mode: ping, path: /ready }');
    await live(play, 0);
    await play.tickWarmup();
  },
};

const calledOff: Story = {
  play: async (play) => {
    const { world } = play;
    built(play);
    let fail: (error: Error) => void = () => undefined;
    const deploy = world.deploy;
    world.deploy = () => new Promise((_, reject) => (fail = reject));
    const id = await play.ask(0);
    await play.until("build-succeeded", id);
    await play.pass(5_000);
    await play.desk.cancel({ releaseId: id, by: person, reason: "" });
    fail(new Error("called off before it was done"));
    await play.until("leftovers-found", id);
    await play.pass(minute);
    world.deploy = deploy;
  },
};

/** Together they come through every event, status and kind of work; a test says what is missing. */
export const stories: Readonly<Record<string, Story>> = {
  "approved-and-taken-back": approvedAndTakenBack,
  "built-twice": builtTwice,
  "queued-and-superseded": queuedAndSuperseded,
  "bad-at-the-gate": badAtTheGate,
  "bad-under-traffic": badUnderTraffic,
  "not-approved": notApproved,
  "moved-by-hand": movedByHand,
  "guard-rails": guardRails,
  "changed-by-hand": changedByHand,
  "kept-warm": keptWarm,
  pinged,
  "called-off": calledOff,
};

/** Plays a story through the real functions, and tells what lies in the store after every commit. */
export async function played({ settings, policy, play }: Story): Promise<readonly RecordedCommit[]> {
  const stage = new HistoryPlay({ ...(settings && { settings }), ...(policy && { policy }) });
  stage.begin();
  try {
    await play(stage);
  } finally {
    await stage.end();
  }
  return stage.commits;
}
