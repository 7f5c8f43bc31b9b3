import { expect } from "chai";
import {
  candidate,
  commitOf,
  monday,
  numberedService,
  releaseBasics,
  releaseId,
  releaseRecord,
  requested,
  revisionName,
  serviceState,
  work,
} from "../../test/support/fixtures.ts";
import { functionHarness } from "../../test/support/function-harness.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import { type KnownDeployments, takeReadings } from "./readings.ts";

const day = 86_400_000;

describe("the readings of Gantry", () => {
  function setUp() {
    const { deps, clock } = functionHarness();
    let commits = 0;
    const add = (service: number, changes: Partial<ReleaseRecord>): Promise<unknown> => {
      commits += 1;
      const id = changes.id ?? releaseId(`release-${commits}`);
      const key = numberedService(service);
      const basics = releaseBasics({ id, requestedAt: changes.requestedAt ?? monday });
      const failure = { code: "watch-failed", message: "5xx" } as const;
      const of = { at: monday + 1_000, releaseId: id } as const;
      return deps.store.load(key).then(({ version }) =>
        deps.store.commit(
          commitOf({
            service: key,
            expectedVersion: version,
            events: [
              requested(basics),
              {
                type: "rollback-began",
                ...of,
                failure,
                by: { kind: "system", name: "gantry" },
                candidate: candidate(),
                target: revisionName(),
                release: basics,
              },
              { type: "stable-restored", ...of, at: monday + 31_000, target: revisionName() },
            ],
            releases: [releaseRecord({ ...changes, ...basics, service: key })],
            state: serviceState({ key }),
          }),
        ),
      );
    };
    const known: KnownDeployments = new Map();
    const read = () => takeReadings({ ...deps, waiting: null, known });
    return { deps, clock, add, read, known };
  }

  it("are nothing where nothing happened", async () => {
    expect(await setUp().read()).to.deep.equal({
      at: monday,
      releases: [],
      owedForMs: null,
      unsaidForMs: null,
      deadLetters: 0,
      figures: [],
      waiting: null,
    });
  });

  it("look the events of a release up once, and again only where it changed since", async () => {
    const { deps, clock, add, read, known } = setUp();
    const id = releaseId("release-7");
    await add(1, { id, status: "rolling-back", updatedAt: monday });
    const looked: string[] = [];
    const events = deps.store.releaseEvents.bind(deps.store);
    deps.store.releaseEvents = (of, part) => {
      looked.push(of);
      return events(of, part);
    };
    const first = await read();
    expect(await read()).to.deep.equal(first);
    expect(looked).to.deep.equal([id]);
    await add(1, { id, status: "rolled-back", updatedAt: monday + 60_000 });
    await read();
    expect(looked).to.deep.equal([id, id]);
    await clock.advance(40 * day);
    await read();
    expect([...known.keys()], "it is older than the window").to.deep.equal([]);
  });

  it("count the releases of the last 30 days by service and status, and tell the four figures of each", async () => {
    const { add, read, clock } = setUp();
    await clock.advance(40 * day);
    const now = monday + 40 * day;
    await add(1, { status: "live", requestedAt: now, endedAt: now + 1, committedAt: now - 9 });
    await add(1, { status: "live", requestedAt: now - 29 * day, endedAt: now - 29 * day });
    await add(1, { status: "rolled-back", requestedAt: now - day });
    await add(2, { status: "building", requestedAt: now });
    await add(2, { status: "live", requestedAt: now - 31 * day, endedAt: now });
    const { releases, figures } = await read();
    expect(releases).to.have.deep.members([
      { service: numberedService(1), status: "live", count: 2 },
      { service: numberedService(1), status: "rolled-back", count: 1 },
      { service: numberedService(2), status: "building", count: 1 },
    ]);
    expect(figures).to.have.deep.members([
      {
        service: numberedService(1),
        deployments: 3,
        perDay: 0.1,
        leadMs: 10,
        failureShare: 1 / 3,
        recoveryMs: 30_000,
      },
      {
        service: numberedService(2),
        deployments: 0,
        perDay: 0,
        leadMs: null,
        failureShare: null,
        recoveryMs: null,
      },
    ]);
  });

  it("read page after page", async () => {
    const { add, read } = setUp();
    for (let n = 0; n < 205; n += 1) await add(1, { status: "failed", requestedAt: monday + n });
    expect((await read()).releases).to.deep.equal([
      { service: numberedService(1), status: "failed", count: 205 },
    ]);
  });

  it("say how long work, chat and dead letters wait", async () => {
    const { deps, clock, read } = setUp();
    await deps.store.commit(commitOf({ owed: [work({ dueAt: monday + 1_000 })] }));
    await deps.conversations.want({ key: "release-1", channel: "#deploys", now: monday });
    expect(await read()).to.include({ owedForMs: 0, unsaidForMs: 0 });
    await clock.advance(61_000);
    expect(await read()).to.include({ owedForMs: 60_000, unsaidForMs: 61_000 });
    const letter = { id: "1", subscription: "s", topic: "t", attempts: 5, lastError: "", deadAt: monday };
    const message = { topic: "t", id: null, data: null, attributes: {} };
    const dead = [null, monday].map((replayedAt) => ({ ...letter, message, replayedAt }));
    const bus = { ...deps.bus, deadLetters: async () => dead };
    const waiting = [{ subscription: "s", messages: 3, readySince: monday }];
    const all = await takeReadings({ ...deps, bus, waiting: async () => waiting, known: new Map() });
    expect(all).to.deep.include({ deadLetters: 1, waiting });
  });
});
