import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { GoogleGround } from "../../cli/rehearse/google-ground.ts";
import { rehearse } from "../../cli/rehearse/rehearsal.ts";
import type { Scenario } from "../../cli/rehearse/scenario.ts";
import type { Stage } from "../../cli/rehearse/stage.ts";
import { googleNames } from "../../cli/runtime/google-settings.ts";
import type { RelayedPush } from "../../emulator/google/push-relay.ts";
import type { EventType } from "../../shared/domain/events.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import type { FunctionName } from "../../shared/install/google-parts.ts";
import { commitOf, numberedService, releaseId, releaseRecord, work } from "../support/fixtures.ts";
import { sharedGround } from "../support/google-emulators.ts";
import { newerState, newerWork, withUnknown } from "../support/newer-gantry.ts";
import { lastRelease, type ReleasedTree } from "../support/released-tree.ts";

/** Keys that 0.1.0 does not know: who goes back takes them out. */
const server = { handOverAfter: undefined, lookForDrift: undefined };

/** Of a piece of work whose function is ended in the middle; 30 s on Google Cloud. */
const lease = "4s";

const config = {
  rollout: {
    steps: [{ traffic: "20%", hold: "4s" }, { traffic: "100%" }],
    watch: { every: "1s", errors: { max: "1%" } },
    bake: "2s",
    onFailure: "rollback",
  },
};

type Turn = readonly [EventType, "old" | "new", readonly FunctionName[]];

describe("two versions of Gantry", function () {
  this.timeout(240_000);
  let old: ReleasedTree;
  let ground: GoogleGround;

  async function plays(scenario: Scenario, google: GoogleGround | null): Promise<void> {
    const stopping = new AbortController().signal;
    const options = { scenario, version: "test", seed: 1, env: process.env, stopping, google };
    const { rehearsal, log } = await rehearse(options);
    expect(rehearsal.problems, log.slice(-30).join("\n")).to.deep.equal([]);
    expect(rehearsal.outcome).to.equal(scenario.expected);
  }

  async function pushed(stage: Stage, tag: string): Promise<ReleaseId> {
    const [id] = await stage.push(tag);
    if (id === undefined) throw new Error("nothing was released");
    return id;
  }

  before(async function () {
    ground = await sharedGround(this);
    old = await lastRelease(this);
  });
  after(async () => {
    await old?.programs.remove();
    await old?.remove();
  });

  /** At each of these events of the release, functions become the other version. */
  async function take(stage: Stage, id: ReleaseId, turns: readonly Turn[]): Promise<void> {
    for (const [event, which, names] of turns) {
      await stage.trail.first(event, id);
      await become(stage, which, names);
    }
  }

  async function become(
    stage: Stage,
    which: "old" | "new",
    names: readonly FunctionName[],
    { atOnce } = { atOnce: false },
  ): Promise<void> {
    const functions = stage.gantry.google?.functions;
    if (functions === undefined) throw new Error("there are no functions");
    const main = (which === "old" ? old : ground).programs.functions;
    const env = which === "old" ? {} : { [googleNames.serverFile]: await ownServerFile(stage) };
    await Promise.all(names.map((name) => functions[name].become({ main, env, atOnce })));
  }

  /** As each version is installed with a file of its own: this one's has keys that 0.1.0 would not take. */
  async function ownServerFile({ directory }: Stage): Promise<string> {
    const folder = join(directory, "serve");
    const theirs = await readFile(join(folder, "gantry.server.yaml"), "utf8");
    const file = join(folder, "gantry.server.newer.yaml");
    await writeFile(file, `${theirs}lease: ${lease}\nhandOverAfter: 60s\n`);
    return file;
  }

  it("take a release over on Google's engine from each other, forth and back, also half of the functions each, to both of its ends", () => {
    const pushes: RelayedPush[] = [];
    const play = async (stage: Stage) => {
      const bad = await pushed(stage, "v1.6.0");
      await take(stage, bad, [
        ["build-started", "new", ["deploy", "rollback"]],
        ["candidate-deployed", "new", ["sweep"]],
      ]);
      await stage.ended(bad, "release-rolled-back");
      await become(stage, "new", ["build", "rollout"]);
      const good = await pushed(stage, "v1.1.0");
      await take(stage, good, [["build-started", "old", ["deploy", "sweep"]]]);
      await stage.trail.first("traffic-moved", good);
      await become(stage, "old", ["rollout"], { atOnce: true });
      await stage.ended(good, "release-live");
      await become(stage, "new", ["sweep"]);
      await meetsNewer(stage, pushes);
      return [bad, good];
    };
    const scenario: Scenario = {
      name: "two-versions",
      story: "",
      expected: "rolled-back+live",
      live: "candidate",
      usersMayFail: true,
      setting: { config, server, deadlineMs: 60_000, pushes: { onDelivery: (push) => pushes.push(push) } },
      play,
    };
    const programs = { ...ground.programs, functions: old.programs.functions };
    return plays(scenario, { ...ground, programs });
  });

  it("go on with one file, the newer after 0.1.0 and 0.1.0 after the newer, in the middle of a release", async () => {
    let program = old.programs.gantry;
    const play = async (stage: Stage) => {
      const id = await pushed(stage, "v1.1.0");
      for (const [event, next] of [
        ["step-began", ground.programs.gantry],
        ["bake-began", old.programs.gantry],
      ] as const) {
        await stage.trail.first(event, id);
        program = next;
        if (stage.gantry.killAndStart === null) throw new Error("Gantry has no process of its own");
        await stage.gantry.killAndStart();
      }
      await stage.ended(id, "release-live");
      return [id];
    };
    const setting = { gantry: "child", config, program: () => program } as const;
    await plays({ name: "one-file", story: "", expected: "live", live: "candidate", setting, play }, null);
  });
});

/** A service that only a version to come may go on with, among functions of this tree: see what they do, and that they leave it. */
async function meetsNewer(stage: Stage, pushes: readonly RelayedPush[]): Promise<void> {
  const store = stage.gantry.deps?.store;
  if (store === undefined) throw new Error("there is no store");
  const service = numberedService(7);
  const id = releaseId("release-of-a-newer-one");
  const state = newerState({ key: service });
  const [known, unknown] = [
    work({ service, releaseId: id, dueAt: Date.now() }),
    newerWork({ service, releaseId: id, dueAt: Date.now() }),
  ];
  const record = withUnknown(releaseRecord({ id, service }), { status: "shadowing" });
  await store.commit(
    commitOf({ service, state, events: [], cause: "newer", releases: [record], owed: [known, unknown] }),
  );
  const isTold = () =>
    pushes.some(({ subscription, status }) => subscription === "build-work" && (status ?? 0) >= 500);
  while (!isTold()) await sleep(100, undefined, { signal: stage.signal });
  expect(JSON.stringify(await stage.read("/services"))).to.include("newer Gantry");
  expect(JSON.stringify(await stage.read(`/releases/${id}/explain`))).to.include("newer Gantry");
  expect(await store.look(service)).to.deep.include({ state, version: 1 });
  expect((await store.owedWork(service)).map(({ attempt }) => attempt)).to.deep.equal([0, 0]);
}
