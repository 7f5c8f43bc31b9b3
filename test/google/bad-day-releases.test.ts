import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { FunctionProcess } from "../../cli/rehearse/function-process.ts";
import type { GoogleGround } from "../../cli/rehearse/google-ground.ts";
import { rehearse } from "../../cli/rehearse/rehearsal.ts";
import type { Scenario, Setting } from "../../cli/rehearse/scenario.ts";
import type { Stage } from "../../cli/rehearse/stage.ts";
import type { ComingPush, RelayedPush } from "../../emulator/google/push-relay.ts";
import type { EventType } from "../../shared/domain/events.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import type { WorkKind } from "../../shared/domain/work.ts";
import { sharedGround } from "../support/google-emulators.ts";

/** Shorter than on Google Cloud, where it is 30 s: a test has no time to wait for that. */
const lease = "4s";
const longerThanLeaseMs = 5_000;

/** A claim is renewed at every third of its lease, so that so much of it is left whenever its process stands still. */
const atLeastOfLeaseMs = 2_500;

/** Shorter than on Google Cloud, where it is 600 s. */
const ackDeadlineMs = 10_000;

/** Gantry gives a call to Firestore up after 10 s. */
const longerThanCallMs = 12_000;

type Frozen = Readonly<{ id: ReleaseId; next: EventType; frozenAt: number }>;

type Play = (stage: Stage) => Promise<readonly ReleaseId[]>;

function goodRelease(name: string, play: Play, setting: Setting = {}): Scenario {
  return { name, story: "", expected: "live", live: "candidate", setting, play };
}

async function pushed(stage: Stage): Promise<ReleaseId> {
  const [id] = await stage.push("v1.1.0");
  if (id === undefined) throw new Error("nothing was released");
  return id;
}

function googleOf({ gantry }: Stage) {
  if (gantry.google === undefined) throw new Error("this is not Google's engine");
  return gantry.google;
}

/** Cloud Run takes its time, so that whoever looks finds an instance in the middle of its work. */
const slowly = { reconcileMs: 800, trafficLagMs: 400 };

/** The instance that has claimed such work first; claims name the process that made them. */
async function atWork(stage: Stage, kinds: readonly WorkKind[]): Promise<FunctionProcess> {
  for (;;) {
    stage.signal.throwIfAborted();
    const owed = (await stage.gantry.deps?.store.owedWork(stage.service)) ?? [];
    const claim = owed.find(({ kind }) => kinds.includes(kind))?.claimedBy;
    const instance = googleOf(stage).instances.find(({ pid }) => claim?.startsWith(`${pid}-`));
    if (instance !== undefined) return instance;
    await sleep(5);
  }
}

async function takeBack(stage: Stage, id: ReleaseId): Promise<void> {
  await stage.trail.first("release-live", id);
  await stage.command(`/services/${stage.service}/rollback`, { reason: "customers see wrong colours" });
}

describe("a release on Google's engine, on a bad day", function () {
  this.timeout(240_000);
  let ground: GoogleGround;
  before(async function () {
    ground = await sharedGround(this);
  });

  async function plays(scenario: Scenario): Promise<void> {
    const stopping = new AbortController().signal;
    const options = { scenario, version: "test", seed: 1, env: process.env, stopping, google: ground };
    const { rehearsal, log } = await rehearse(options);
    expect(rehearsal.problems, log.slice(-30).join("\n")).to.deep.equal([]);
    expect(rehearsal.outcome).to.equal(scenario.expected);
  }

  it("comes to its end once when two instances get every message at once, late, three times, and lose their first answers", async () => {
    const targets = new Map<string, Set<string | null>>();
    let count = 0;
    const disturb = ({ subscription, attempt }: ComingPush) => {
      count += 1;
      if (subscription.endsWith("-clock")) return { copies: 2, delayMs: 0, losesAnswer: false };
      return { copies: 2 + (count % 2), delayMs: (count % 4) * 150, losesAnswer: attempt === 1 };
    };
    const onDelivery = ({ subscription, messageId, target }: RelayedPush): void => {
      const key = `${subscription} ${messageId}`;
      targets.set(key, (targets.get(key) ?? new Set()).add(target));
    };
    const play: Play = async (stage) => {
      const id = await pushed(stage);
      await stage.ended(id, "release-live");
      return [id];
    };
    await plays(goodRelease("two-at-once", play, { instances: 2, pushes: { disturb, onDelivery } }));
    for (const name of ["build-releases", "deploy-builds", "verify-work", "rollout-work", "notify-facts"]) {
      const told = [...targets].filter(([key]) => key.startsWith(`${name} `));
      expect(
        told.some(([, instances]) => instances.size === 2),
        name,
      ).to.equal(true);
    }
  });

  it("goes live and back through other instances when one of each function stands still for longer than its lease", async () => {
    const points = [
      { kinds: ["preflight", "start-build"], next: "build-succeeded" },
      { kinds: ["deploy-candidate"], next: "candidate-deployed" },
      { kinds: ["verify-candidate"], next: "gate-passed" },
      { kinds: ["move-traffic"], next: "traffic-moved" },
      { kinds: ["restore-stable"], next: "release-rolled-back" },
    ] as const;
    const tookMs = new Map<string, number>();
    const play: Play = async (stage) => {
      const google = googleOf(stage);
      const thawed: Promise<void>[] = [];
      const goesOn = async (frozen: FunctionProcess, { id, next, frozenAt }: Frozen): Promise<void> => {
        await sleep(longerThanLeaseMs, undefined, { signal: stage.signal });
        tookMs.set(next, (await stage.trail.first(next, id)).at - frozenAt);
        frozen.thaw();
      };
      const bystanders = (["notify", "sweep", "warmup"] as const).map((name) => google.functions[name]);
      for (const bystander of bystanders) bystander.freeze();
      const pushing = pushed(stage); // whoever waits for it to be told of comes too late for its preflight
      pushing.catch(() => undefined);
      for (const { kinds, next } of points) {
        if (next === "release-rolled-back") await takeBack(stage, await pushing);
        const frozen = await atWork(stage, kinds);
        frozen.freeze();
        const thawing = goesOn(frozen, { id: await pushing, next, frozenAt: Date.now() });
        thawing.catch(() => undefined); // heard below, unless the rehearsal ends before
        thawed.push(thawing);
      }
      await Promise.all(thawed);
      const id = await pushing;
      await stage.ended(id, "release-rolled-back");
      for (const bystander of bystanders) bystander.thaw();
      await sleep(1_000, undefined, { signal: stage.signal }); // for what they had in hand
      return [id];
    };
    const pushes = { ackDeadlineMs }; // of those to an instance that stands still
    const scenario = goodRelease("frozen", play, { instances: 2, lease, timings: slowly, pushes });
    await plays({ ...scenario, expected: "rolled-back", live: "stable" });
    for (const { next } of points) expect(tookMs.get(next), `until ${next}`).to.be.above(atLeastOfLeaseMs);
  });

  it("goes on when Firestore answers nobody for longer than a lease, and than a call may take", () => {
    const play: Play = async (stage) => {
      const id = await pushed(stage);
      await stage.trail.first("step-began", id);
      process.kill(ground.firestore.pid, "SIGSTOP");
      try {
        await sleep(longerThanCallMs, undefined, { signal: stage.signal });
      } finally {
        process.kill(ground.firestore.pid, "SIGCONT");
      }
      await stage.ended(id, "release-live");
      return [id];
    };
    return plays(goodRelease("firestore-silent", play, { lease }));
  });

  it("goes on when each function is ended in the middle, as Google ends an instance", () => {
    const play: Play = async (stage) => {
      const id = await pushed(stage);
      const { functions } = googleOf(stage);
      const points = [
        ["release-began", "build"],
        ["build-succeeded", "deploy"],
        ["candidate-deployed", "verify"],
        ["step-began", "rollout"],
      ] as const;
      for (const [event, name] of points) {
        await stage.trail.first(event, id);
        await functions[name].stop("SIGTERM");
        await functions[name].start();
      }
      await stage.ended(id, "release-live");
      return [id];
    };
    return plays(goodRelease("ended-in-the-middle", play, { lease }));
  });
});
