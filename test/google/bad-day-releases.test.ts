import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type GoogleGround, startGoogleGround } from "../../cli/rehearse/google-ground.ts";
import { rehearse } from "../../cli/rehearse/rehearsal.ts";
import type { Scenario, Setting } from "../../cli/rehearse/scenario.ts";
import type { Stage } from "../../cli/rehearse/stage.ts";
import { startPubSubEmulator } from "../../emulator/google/google-emulator.ts";
import type { GooglePrograms } from "../../emulator/google/google-programs.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import { ownPrograms } from "../support/google-emulators.ts";

/** Longer than the lease of a claim, which is 30 s. */
const longerThanLeaseMs = 33_000;

type Play = (stage: Stage) => Promise<readonly ReleaseId[]>;

function goodRelease(name: string, play: Play, setting: Setting = {}): Scenario {
  return { name, story: "", expected: "live", live: "candidate", setting, play };
}

async function pushed(stage: Stage): Promise<ReleaseId> {
  const [id] = await stage.push("v1.1.0");
  if (id === undefined) throw new Error("nothing was released");
  return id;
}

describe("a release on Google's engine, on a bad day", function () {
  this.timeout(240_000);
  let ground: GoogleGround;
  let programs: GooglePrograms;
  before(async function () {
    programs = await ownPrograms(this);
    ground = await startGoogleGround(process.env);
  });
  after(async () => {
    await ground?.pubsub.stop(); // may be another one than the ground began with
    await ground?.close();
  });

  async function plays(scenario: Scenario): Promise<void> {
    const stopping = new AbortController().signal;
    const options = { scenario, version: "test", seed: 1, env: process.env, stopping, google: ground };
    const { rehearsal, log } = await rehearse(options);
    expect(rehearsal.problems, log.slice(-30).join("\n")).to.deep.equal([]);
    expect(rehearsal.outcome).to.equal("live");
  }

  it("comes to its end once when every message comes three times, late, and after the ones behind it", () => {
    let count = 0;
    const disturb = () => {
      count += 1;
      return { copies: 3, delayMs: (count % 4) * 150, losesAnswer: false };
    };
    const play: Play = async (stage) => {
      const id = await pushed(stage);
      await stage.ended(id, "release-live");
      return [id];
    };
    return plays(goodRelease("thrice", play, { pushes: { disturb } }));
  });

  it("comes to its end once when the answer to every first delivery is lost", () => {
    const disturb = ({ attempt }: { attempt: number }) => ({
      copies: 1,
      delayMs: 0,
      losesAnswer: attempt === 1,
    });
    const play: Play = async (stage) => {
      const id = await pushed(stage);
      await stage.ended(id, "release-live");
      return [id];
    };
    return plays(goodRelease("answers-lost", play, { pushes: { disturb } }));
  });

  it("is taken up by another when the rollout stands still for longer than its lease, and the first one does no more", () => {
    const play: Play = async (stage) => {
      const id = await pushed(stage);
      const rollout = stage.gantry.google?.functions.rollout;
      if (rollout === undefined) throw new Error("there is no function to freeze");
      await stage.trail.first("step-began", id);
      rollout.freeze();
      await sleep(longerThanLeaseMs, undefined, { signal: stage.signal });
      rollout.thaw();
      await stage.ended(id, "release-live");
      return [id];
    };
    return plays(goodRelease("frozen", play));
  });

  it("loses nothing when Pub/Sub forgets everything in the middle: topics, subscriptions, messages and ids", () => {
    const play: Play = async (stage) => {
      const id = await pushed(stage);
      await stage.trail.first("build-started", id);
      const { port } = ground.pubsub;
      await ground.pubsub.stop();
      await sleep(2_000, undefined, { signal: stage.signal });
      ground = { ...ground, pubsub: await startPubSubEmulator(programs, port) };
      await stage.gantry.google?.provision();
      await stage.ended(id, "release-live");
      return [id];
    };
    return plays(goodRelease("pubsub-forgets", play));
  });

  it("goes on when Firestore answers nobody for longer than a lease", () => {
    const play: Play = async (stage) => {
      const id = await pushed(stage);
      await stage.trail.first("step-began", id);
      process.kill(ground.firestore.pid, "SIGSTOP");
      try {
        await sleep(longerThanLeaseMs, undefined, { signal: stage.signal });
      } finally {
        process.kill(ground.firestore.pid, "SIGCONT");
      }
      await stage.ended(id, "release-live");
      return [id];
    };
    return plays(goodRelease("firestore-silent", play));
  });

  it("goes on when each function is ended in the middle, as Google ends an instance", () => {
    const play: Play = async (stage) => {
      const id = await pushed(stage);
      const functions = stage.gantry.google?.functions;
      if (functions === undefined) throw new Error("there are no functions");
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
    return plays(goodRelease("ended-in-the-middle", play));
  });
});
