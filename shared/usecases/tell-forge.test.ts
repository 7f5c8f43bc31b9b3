import { expect } from "chai";
import {
  began,
  commitOf,
  monday,
  releaseBasics,
  releaseId,
  releaseRecord,
  requested,
} from "../../test/support/fixtures.ts";
import { functionHarness, pubSubEvent } from "../../test/support/function-harness.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import { AppError } from "../ports/app-error.ts";
import { topics } from "../ports/bus.ts";
import type { ForgePort } from "../ports/forge.ts";
import { notify, sayAgain } from "./notify.ts";
import { forgeKey } from "./tell-forge.ts";

const id = releaseId();
const denied = new AppError({ code: "source-denied", message: "no right", transient: false });
const unavailable = new AppError({ code: "source-unavailable", message: "503", transient: true });

/** A forge that keeps what it is told; `fail` answers the next calls with errors. */
function recordingForge() {
  const told: string[] = [];
  const deployments: string[] = [];
  const fail: (Error | "lost")[] = [];
  const call = (words: string, done: () => void = () => undefined): void => {
    const failure = fail.shift();
    if (failure !== undefined && failure !== "lost") throw failure;
    told.push(words);
    done();
    if (failure === "lost") throw unavailable;
  };
  const forge: ForgePort = {
    openDeployment: async ({ release, mayExist }) => {
      const found = mayExist ? deployments.indexOf(release) : -1;
      if (found < 0) call(`deployment of ${release}`, () => deployments.push(release));
      return String(found < 0 ? deployments.length : found + 1);
    },
    tellDeployment: async ({ deployment, state, logUrl }) => call(`${deployment} ${state} ${logUrl}`),
    tellCommit: async ({ context, state }) => call(`${context} ${state}`),
  };
  return { forge, told, deployments, fail };
}

describe("telling the forge of a release", () => {
  function setUp(forge: ForgePort | null) {
    const harness = functionHarness();
    const deps = { ...harness.deps, forge };
    let version = 0;
    const stands = async (changes: Partial<ReleaseRecord>): Promise<void> => {
      const basics = releaseBasics();
      await deps.store.commit(
        commitOf({
          expectedVersion: version,
          events: [version === 0 ? requested(basics) : began(basics)],
          releases: [releaseRecord(changes)],
          cause: null,
        }),
      );
      version += 1;
    };
    const fact = (type = "release-began") =>
      notify(deps, pubSubEvent(topics.events, { releaseId: id, type, service: "x" }));
    const again = () => sayAgain(deps, pubSubEvent(topics.notify, { conversation: forgeKey(id) }));
    const due = () => deps.conversations.due({ now: deps.clock.now(), limit: 9 });
    return { ...harness, deps, stands, fact, again, due };
  }

  const page = "https://gantry.test/releases/release-1";
  const first = ["deployment of release-1", `1 in_progress ${page}`, "gantry/background-removal pending"];

  it("opens one deployment, tells each state once, and the commit only what changes for it", async () => {
    const { forge, told } = recordingForge();
    const { stands, fact, due } = setUp(forge);
    await stands({ status: "building" });
    await fact();
    await fact();
    expect(told).to.deep.equal(first);
    await stands({ status: "deploying" });
    await fact("build-succeeded");
    await stands({ status: "live" });
    await fact("release-live");
    expect(told.slice(3)).to.deep.equal([
      `1 in_progress ${page}`,
      `1 success ${page}`,
      "gantry/background-removal success",
    ]);
    expect(await due()).to.deep.equal([]);
  });

  it("tells how the release stands now, whatever the fact was and however late it comes", async () => {
    const { forge, told } = recordingForge();
    const { stands, fact } = setUp(forge);
    await stands({ status: "live" });
    await fact("release-requested");
    await fact("build-succeeded");
    expect(told.slice(1)).to.deep.equal([`1 success ${page}`, "gantry/background-removal success"]);
  });

  it("does nothing at a fact that changes nothing there, or without a forge", async () => {
    const { forge, told } = recordingForge();
    const { stands, fact } = setUp(forge);
    await stands({ status: "baking" });
    await fact("watch-went-on");
    expect(told).to.deep.equal([]);
    const silent = setUp(null);
    await silent.stands({ status: "baking" });
    await silent.fact("bake-began");
    expect(await silent.due()).to.deep.equal([]);
  });

  it("finds the deployment again whose answer was lost, and makes no second", async () => {
    const { forge, told, deployments, fail } = recordingForge();
    const { stands, fact, again, due, clock, deps } = setUp(forge);
    await stands({ status: "building" });
    fail.push("lost");
    await fact();
    expect(await due()).to.deep.equal([]);
    await clock.advance(1_000);
    expect(await due()).to.deep.equal([forgeKey(id)]);
    await again();
    expect(told).to.deep.equal(first);
    expect(deployments).to.have.length(1);
    expect((await deps.conversations.get(forgeKey(id)))?.attempt).to.equal(0);
  });

  it("goes on where it failed, and does not say again what was said", async () => {
    const { forge, told, fail } = recordingForge();
    const { stands, fact, again, clock } = setUp(forge);
    await stands({ status: "building" });
    await fact();
    await stands({ status: "live" });
    fail.push(unavailable);
    await fact("release-live");
    await clock.advance(1_000);
    await again();
    expect(told.slice(3)).to.deep.equal([`1 success ${page}`, "gantry/background-removal success"]);
  });

  it("keeps silent for as long as the forge asks, for every release", async () => {
    const { forge, told, fail } = recordingForge();
    const { stands, fact, again, clock, deps } = setUp(forge);
    await stands({ status: "building" });
    const context = { retryAfterMs: 60_000 };
    fail.push(new AppError({ code: "source-unavailable", message: "limit", transient: true, context }));
    await fact();
    await clock.advance(59_000);
    await again();
    expect(told).to.deep.equal([]);
    const asked = { now: deps.clock.now(), isUrgent: false, ticket: null };
    const pace = { everyMs: 800, burst: 40 };
    expect(await deps.conversations.takeTurn({ lane: "forge", pace, asked })).to.not.equal(null);
    await clock.advance(3_000);
    for (let turn = 0; turn < 4; turn += 1) {
      await again();
      await clock.advance(2_000);
    }
    expect(told).to.deep.equal(first);
  });

  it("says once a day that a right is missing, and tries again at the next fact", async () => {
    const { forge, told, fail } = recordingForge();
    const { stands, fact, due, lines, clock, deps } = setUp(forge);
    await stands({ status: "building" });
    fail.push(denied, denied);
    await fact();
    await fact();
    const errors = () => lines.filter(({ level }) => level === "error").map(({ message }) => message);
    expect(errors()).to.deep.equal(["The forge does not let Gantry tell of releases; a person has to look"]);
    await clock.advance(10_000);
    expect(await due()).to.deep.equal([]);
    expect(await deps.notes.read("forge/refused/perkie/background-removal")).to.include({ value: monday });
    await fact();
    expect(told).to.deep.equal(first);
    await stands({ status: "live" });
    await clock.advance(86_400_000);
    fail.push(denied);
    await fact("release-live");
    expect(errors()).to.have.length(2);
  });

  it("drops what is still to be said where the chat is gone, so that the sweep does not come back for ever", async () => {
    const { deps, again, due } = setUp(null);
    const now = deps.clock.now();
    await deps.conversations.want({ key: "release-1", channel: "#deploys", now });
    await deps.conversations.want({ key: forgeKey(id), channel: "forge/x", now });
    await sayAgain(deps, pubSubEvent(topics.notify, { conversation: "release-1" }));
    await again();
    expect(await due()).to.deep.equal([]);
  });
});
