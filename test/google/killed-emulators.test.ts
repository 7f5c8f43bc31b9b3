import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { z } from "zod";
import { deployFleet, foundFleet } from "../../cli/rehearse/fleet.ts";
import type { GoogleGround } from "../../cli/rehearse/google-ground.ts";
import { onStage, type Stage } from "../../cli/rehearse/stage.ts";
import {
  type GoogleEmulator,
  startFirestoreEmulator,
  startPubSubEmulator,
} from "../../emulator/google/google-emulator.ts";
import type { GooglePrograms } from "../../emulator/google/google-programs.ts";
import { revisionLabels } from "../../shared/adapters/run/candidate-template.ts";
import { evolve } from "../../shared/domain/evolve.ts";
import type { ReleaseId, ServiceKey } from "../../shared/domain/ids.ts";
import { newService } from "../../shared/domain/service-state.ts";
import { percentOf } from "../../shared/domain/traffic.ts";
import { releaseTagPrefix } from "../../shared/ports/build.ts";
import type { Store, StoredEvent } from "../../shared/ports/store.ts";
import { type CuttableLine, cuttableLine } from "../support/cuttable-line.ts";
import { ownPrograms, sharedGround } from "../support/google-emulators.ts";

const fleetSize = 5;

/** The emulator keeps everything in memory: what it acknowledged is written out while nobody reaches it, and read in again. */
async function exported(host: string, project: string, directory: string): Promise<string> {
  const name = "acknowledged";
  const database = `projects/${project}/databases/(default)`;
  const answer = await fetch(`http://${host}/emulator/v1/projects/${project}:export`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ database, export_directory: directory, export_name: name }),
  });
  if (!answer.ok) throw new Error(`the export answered ${answer.status}: ${await answer.text()}`);
  return join(directory, name, `${name}.overall_export_metadata`);
}

async function killed(emulator: GoogleEmulator): Promise<void> {
  process.kill(emulator.pid, "SIGKILL");
  await emulator.stop();
}

describe("many releases at once on Google's engine, while both emulators are killed and started again", function () {
  this.timeout(300_000);
  let programs: GooglePrograms;
  let ground: GoogleGround;
  let pubsub: GoogleEmulator;
  let firestore: GoogleEmulator;
  let line: CuttableLine;
  let directory: string;
  const lines: string[] = [];

  before(async function () {
    programs = await ownPrograms(this);
    const shared = await sharedGround(this);
    directory = await mkdtemp(join(tmpdir(), "gantry-export-"));
    [pubsub, firestore] = await Promise.all([
      startPubSubEmulator(programs),
      startFirestoreEmulator(programs),
    ]);
    line = await cuttableLine(firestore.host);
    const port = Number(line.host.split(":")[1]);
    ground = { ...shared, pubsub, firestore: { ...firestore, host: line.host, port } };
  });
  after(async () => {
    await line?.close();
    await Promise.all([pubsub?.stop(), firestore?.stop()]);
    if (directory !== undefined) await rm(directory, { recursive: true });
  });

  async function killPubSub(stage: Stage): Promise<void> {
    await killed(pubsub);
    await sleep(1_000, undefined, { signal: stage.signal });
    pubsub = await startPubSubEmulator(programs, pubsub.port);
    await stage.gantry.google?.provision();
  }

  async function killFirestore(stage: Stage): Promise<void> {
    await line.cut();
    const seed = await exported(firestore.host, stage.gantry.google?.project ?? "", directory);
    await killed(firestore);
    await sleep(1_000, undefined, { signal: stage.signal });
    firestore = await startFirestoreEmulator(programs, firestore.port, seed);
    await line.mend();
  }

  it("all come to their end once, and nothing that was acknowledged is lost", async () => {
    const signal = AbortSignal.timeout(280_000);
    const log = (text: string): void => void lines.push(text);
    const options = { setting: { lease: "4s" }, version: "test", seed: 1, env: process.env, log, signal };
    await onStage({ ...options, google: ground }, async (stage) => {
      const { stable } = stage;
      const { deps } = stage.gantry;
      if (deps === null || stable === null) throw new Error("the stage is not set");
      const repositories = await foundFleet(stage, fleetSize);
      const [fleet, [own]] = await Promise.all([deployFleet(stage, repositories), stage.push("v1.1.0")]);
      if (own === undefined) throw new Error("nothing was released");
      await stage.trail.first("build-started", own);
      await killPubSub(stage);
      await stage.trail.first("build-succeeded", own);
      const told = [...stage.trail.events];
      await killFirestore(stage);
      await allLive(stage, deps.store, [own, ...fleet]);
      await expectOnce(stage, [own, ...fleet]);
      await expectFold(deps.store, told);
      const shares = stage.traffic.entries.map(({ split }) => percentOf(split, stable));
      expect(shares).to.deep.equal(
        [...shares].sort((a, b) => b - a),
        "stable gives its traffic away, and once",
      );
    });
  });

  async function allLive(stage: Stage, store: Store, ids: readonly ReleaseId[]): Promise<void> {
    for (;;) {
      const records = await Promise.all(ids.map((id) => store.release(id)));
      const statuses = records.map((record) => record?.status ?? "unknown");
      if (statuses.every((status) => status === "live")) return;
      if (stage.signal.aborted || statuses.includes("failed"))
        throw new Error(`the releases are ${statuses.join(", ")}\n${lines.slice(-30).join("\n")}`);
      await sleep(250);
    }
  }
});

const buildList = z.object({ builds: z.array(z.object({ tags: z.array(z.string()).default([]) })) });
const letterList = z.object({ deadletters: z.array(z.unknown()) });

/** By what the local cloud recorded. */
async function expectOnce(stage: Stage, ids: readonly ReleaseId[]): Promise<void> {
  const { host, port } = stage.cloud.build.http;
  const { builds } = buildList.parse(await (await fetch(`http://${host}:${port}/builds`)).json());
  for (const id of ids)
    expect(
      builds.filter(({ tags }) => tags.includes(`${releaseTagPrefix}${id}`)),
      id,
    ).to.have.length(1);
  const services = (await stage.gantry.deps?.store.services()) ?? [];
  expect(services).to.have.length(fleetSize + 1);
  const revisions = (await Promise.all(services.map(({ key }) => stage.run.revisions(key)))).flat();
  for (const id of ids)
    expect(
      revisions.filter(({ labels }) => labels[revisionLabels.release] === id),
      id,
    ).to.have.length(1);
  expect(letterList.parse(await stage.read("/deadletters")).deadletters).to.deep.equal([]);
}

/** Every service is what its events fold to, without a gap, and what was told before is among them. */
async function expectFold(store: Store, told: readonly object[]): Promise<void> {
  const events = await store.eventsAfter({ after: 0, limit: 10_000 });
  const known = new Set(events.map(({ event }) => JSON.stringify(event)));
  expect(told.filter((event) => !known.has(JSON.stringify(event)))).to.deep.equal([]);
  for (const { key } of await store.services()) {
    const own = ofService(events, key);
    expect(own.map(({ sequence }) => sequence)).to.deep.equal(own.map((_, index) => index + 1));
    const folded = own.reduce((state, { event }) => evolve(state, event), newService(key));
    expect((await store.load(key)).state).to.deep.equal(folded);
  }
}

/** In their order; an emulator that was started from an export has forgotten when each was written. */
function ofService(events: readonly StoredEvent[], key: ServiceKey): readonly StoredEvent[] {
  return events.filter(({ service }) => service === key).sort((a, b) => a.sequence - b.sequence);
}
