import { expect } from "chai";
import { buttonsOf } from "../../test/support/block-kit.ts";
import {
  candidate,
  monday,
  releaseBasics,
  releaseConfig,
  releaseId,
  releaseRecord,
  revisionName,
  serviceKey,
  serviceState,
  tagName,
} from "../../test/support/fixtures.ts";
import { functionHarness, pubSubEvent } from "../../test/support/function-harness.ts";
import { RecordingChat } from "../../test/support/recording-chat.ts";
import type { EventType, ServiceEvent } from "../domain/events.ts";
import { parseBuildId } from "../domain/ids.ts";
import type { ActiveRelease, LiveRelease } from "../domain/service-state.ts";
import { topics } from "../ports/bus.ts";
import { factOf } from "./messages.ts";
import { notify } from "./notify.ts";

const service = serviceKey();
const stable = revisionName("background-removal-00001");
const old = releaseBasics();
const live: LiveRelease = { ...old, candidate: candidate(), stable, since: monday };
const newer = releaseBasics({ id: releaseId("release-2"), tag: tagName("v2.0.0"), configHash: "silent" });
const active: ActiveRelease = { ...newer, status: "building", build: null };
const failure = { code: "build-failed", message: "Step 0 failed." } as const;
const at = { at: monday, releaseId: newer.id };

/** A live release with its message, and a newer one whose `gantry.yaml` names no channel of its own. */
async function besideLive() {
  const { deps: made, clock } = functionHarness();
  const chat = new RecordingChat();
  const deps = { ...made, chat };
  const record = releaseRecord({ ...old, status: "live", percent: 100, candidate: live.candidate, stable });

  const happen = async (event: ServiceEvent, running: ActiveRelease | null) => {
    const { version } = await deps.store.load(service);
    await deps.store.commit({
      service,
      expectedVersion: version,
      events: [event],
      state: serviceState({ active: running, live }),
      releases: [event.releaseId === old.id ? record : releaseRecord({ ...newer })],
      owed: [],
      configs: [
        { hash: old.configHash, config: releaseConfig({ notify: { slack: "#deploys" } }) },
        { hash: "silent", config: releaseConfig({ notify: { slack: null } }) },
      ],
      messages: [],
      cause: null,
    });
    await clock.advance(3_000);
    await notify(deps, pubSubEvent(topics.events, factOf(service, event).data));
  };

  const offers = () => {
    const [root] = chat.roots;
    return root === undefined ? [] : [...buttonsOf(root.content).keys()];
  };
  await happen(
    { type: "release-live", at: monday, releaseId: old.id, revision: live.candidate.revision },
    null,
  );
  return { chat, deps, happen, offers };
}

const buildId = parseBuildId("b-1");
if (buildId === null) throw new Error("a fixture");
const pass = { name: "errors", verdict: "pass", measured: "0 of 12 failed", limit: "at most 1 %" } as const;

const ends: readonly ServiceEvent[] = [
  { ...at, type: "release-failed", failure },
  { ...at, type: "release-rejected", failure, by: old.requestedBy },
  { ...at, type: "release-cancelled", failure, by: old.requestedBy },
  { ...at, type: "release-rolled-back", failure },
];

describe("the message of the live release, while a newer one is under way", () => {
  for (const end of ends)
    it(`offers no way back, and offers it again after ${end.type}`, async () => {
      const { happen, offers, chat } = await besideLive();
      expect(offers()).to.deep.equal(["gantry.rollback", "gantry.console"]);
      await happen({ ...at, type: "release-began", release: newer }, active);
      expect(offers()).to.deep.equal(["gantry.console"]);
      await happen(end, null);
      expect(offers()).to.deep.equal(["gantry.rollback", "gantry.console"]);
      expect(chat.roots.map(({ edits }) => edits)).to.deep.equal([2]);
    });

  it("is not looked at for what neither begins nor ends a release", async () => {
    const { happen, deps } = await besideLive();
    await happen({ ...at, type: "release-began", release: newer }, active);
    const asked: string[] = [];
    const store = new Proxy(deps.store, {
      get: (target, name) => {
        asked.push(String(name));
        return Reflect.get(target, name).bind(target);
      },
    });
    const types: readonly EventType[] = ["build-polled", "traffic-moved", "watch-went-on"];
    for (const type of types)
      await notify({ ...deps, store }, pubSubEvent(topics.events, { releaseId: newer.id, type }));
    expect(asked.filter((name) => name === "load")).to.deep.equal([]);
  });

  it("costs no look at the store where a fact changes nothing", async () => {
    const { deps, happen } = await besideLive();
    await happen({ ...at, type: "release-began", release: newer }, active);
    const asked: string[] = [];
    const get = (target: object, name: string | symbol): unknown => {
      asked.push(String(name));
      const method: unknown = Reflect.get(target, name);
      return typeof method === "function" ? method.bind(target) : method;
    };
    const spied = <T extends object>(port: T): T => new Proxy<T>(port, { get });
    const busy = { ...deps, store: spied(deps.store), conversations: spied(deps.conversations) };
    const quiet: readonly ServiceEvent[] = [
      { ...at, type: "build-polled", buildId },
      { ...at, type: "watch-went-on", slice: 7, checks: [pass] },
    ];
    const told = (event: ServiceEvent) =>
      notify(busy, pubSubEvent(topics.events, factOf(service, event).data));
    for (const event of quiet) await told(event);
    expect(asked).to.deep.equal([]);
    await told({ ...at, type: "watch-went-on", slice: 7, checks: [{ ...pass, verdict: "inconclusive" }] });
    expect(asked).to.include("release");
  });

  it("is left alone where nothing was ever said of it", async () => {
    const { deps, chat } = await besideLive();
    const silent = { ...deps, conversations: functionHarness().deps.conversations };
    const began = { releaseId: newer.id, type: "release-began" };
    await notify(silent, pubSubEvent(topics.events, began));
    expect(await silent.conversations.get(old.id)).to.equal(null);
    expect(chat.roots.map(({ edits }) => edits)).to.deep.equal([0]);
  });
});
