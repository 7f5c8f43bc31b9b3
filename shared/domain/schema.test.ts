import { expect } from "chai";
import {
  monday,
  releaseBasics,
  releaseRecord,
  serviceKey,
  serviceState,
} from "../../test/support/fixtures.ts";
import {
  additiveMark,
  newerEvent,
  newerMark,
  newerWork,
  withUnknown,
} from "../../test/support/newer-gantry.ts";
import { buildId, recordAfter, say, upTo } from "../../test/support/release-story.ts";
import type { Command } from "./commands.ts";
import { decide } from "./decide.ts";
import { eventWords } from "./event-words.ts";
import type { EventType } from "./events.ts";
import { evolveAll } from "./evolve.ts";
import { explainRelease } from "./explain.ts";
import { forgeStatus, mayTurnForgeStatus } from "./forge-status.ts";
import { owed, stageFor } from "./owed.ts";
import { project } from "./project.ts";
import { digestMessage } from "./release-digest.ts";
import { rootMessage } from "./release-message.ts";
import type { ReleaseRecord } from "./release-record.ts";
import { stagesOf } from "./release-stages.ts";
import { isTold, storyOf } from "./release-story.ts";
import { wordsOf } from "./release-words.ts";
import { isReadable, markOf, schema, withMark, withoutOwnMark } from "./schema.ts";
import { newService, type ServiceState } from "./service-state.ts";

function stateAfter(
  commands: readonly Command[],
  from: ServiceState = newService(serviceKey()),
): ServiceState {
  return commands.reduce((state, command) => {
    const decision = decide(command, state);
    if (!decision.ok) throw new Error(decision.refusal.message);
    return evolveAll(state, decision.events);
  }, from);
}

describe("the mark of a state", () => {
  it("is schema 1 where there is none", () => {
    expect(markOf(serviceState())).to.deep.equal({ writer: 1, reader: 1 });
    expect(isReadable(serviceState())).to.equal(true);
  });

  it("says who wrote it and who may go on with it, and goes again when it is read by one of the same schema", () => {
    const state = serviceState();
    const stored = withMark({ state, owed: owed(state) });
    expect(stored.schema).to.deep.equal({ writer: schema, reader: 1 });
    expect(withoutOwnMark(stored)).to.deep.equal(state);
    expect(withoutOwnMark(state)).to.deep.equal(state);
    const idle = newService(serviceKey());
    expect(withMark({ state: idle, owed: [] }).schema).to.deep.equal({ writer: schema, reader: 1 });
  });

  it("of a newer version stays as it is, also when this one decides", () => {
    const state = { ...serviceState(), schema: additiveMark };
    expect(withoutOwnMark(state)).to.deep.equal(state);
    const next = stateAfter([say.buildStarted()], state);
    expect(withMark({ state: next, owed: owed(next) }).schema).to.deep.equal(additiveMark);
  });

  it("keeps a version out that is older than its reader", () => {
    expect(isReadable({ schema: additiveMark })).to.equal(true);
    expect(isReadable({ schema: newerMark })).to.equal(false);
  });
});

describe("what a newer Gantry wrote beside what is known", () => {
  const extra = { ring: "blue", notes: { a: [1] } };
  const release = withUnknown(releaseBasics(), extra);

  it("survives every decision about a release, up to where it is live, and where it is rolled back", () => {
    for (const point of ["building", "deploying", "verifying", "rolling-out", "baking"] as const)
      expect(stateAfter(upTo(point, release)).active, point).to.deep.include(extra);
    const live = stateAfter(upTo("live", release));
    expect(live.live).to.deep.include(extra);
    expect(stateAfter([say.rollBack()], live).active).to.deep.include(extra);
  });

  it("survives in the state, in what is left to tidy, and in the record", () => {
    const state = withUnknown(stateAfter(upTo("live", release)), extra);
    const leftovers = state.leftovers.map((leftover) => withUnknown(leftover, extra));
    const found = stateAfter([say.left({ build: false, candidate: true })], { ...state, leftovers });
    expect(found).to.deep.include(extra);
    expect(found.leftovers[0]).to.deep.include({ ...extra, found: 2 });
    expect(recordAfter(release, upTo("live", release))).to.deep.include(extra);
  });

  it("survives of a running build and its progress too", () => {
    const state = stateAfter(upTo("building", release));
    const active = state.active && withUnknown(state.active, { pool: "private" });
    const polled = stateAfter([say.buildWorking({}, buildId())], { ...state, active });
    expect(polled.active).to.deep.include({ pool: "private", status: "building" });
  });
});

describe("the words of a newer Gantry", () => {
  const record: ReleaseRecord = withUnknown(releaseRecord(), { status: "shadowing" });
  const event = newerEvent();

  it("are told as such: a status, a fact, a failure", () => {
    expect(wordsOf(record).sentence).to.include("newer Gantry");
    expect(eventWords(event)).to.include("newer Gantry").and.include("shadow-began");
    const failed = withUnknown(releaseRecord({ status: "failed" }), {
      failure: { code: "shadow-differs", message: "3 of 100 answers differ" },
    });
    expect(explainRelease(failed, []).happened).to.include("shadow-differs, which only a newer Gantry knows");
  });

  it("leave every page of the release readable", () => {
    const { happened, traffic, why, next } = explainRelease(record, [event]);
    expect(happened).to.include("newer Gantry");
    expect(traffic).to.include("A newer Gantry moves it");
    expect(why).to.include("shadowing");
    expect(next).to.deep.equal([`gantry status ${record.service} --watch`]);
    const withCandidate = recordAfter(releaseBasics(), upTo("verifying"));
    expect(explainRelease({ ...withCandidate, status: record.status }, []).traffic).to.include("00002");
    const root = rootMessage({ record, consoleUrl: "https://gantry.test", people: new Map() });
    expect(root.text).to.include("newer Gantry");
    expect(forgeStatus(record).deployment.state).to.equal("in_progress");
    const digest = digestMessage({ records: [record], links: new Map(), consoleUrl: "https://gantry.test" });
    expect(digest.text).to.include("1 unknown");
  });

  it("change nothing but the time of a record, and have no line in a thread", () => {
    const known = releaseRecord();
    const later = { ...event, at: monday + 7 };
    expect(project(known, later)).to.deep.equal({ ...known, updatedAt: monday + 7 });
    const begun = stateAfter(upTo("building"));
    expect(begun.active?.status).to.equal("building");
    expect(isTold(event.type)).to.equal(false);
    expect(storyOf(event, { record: known, people: new Map() })).to.equal(null);
    expect(mayTurnForgeStatus(event.type)).to.equal(false);
    expect(stagesOf(known.service, [event])).to.deep.equal([]);
  });

  it("name no function for its work, and not what every object has", () => {
    expect(stageFor(newerWork().kind)).to.equal(null);
    expect(stageFor("tidy")).to.equal("rollback");
    const inherited: EventType = withUnknown({ event }, { event: { ...event, type: "toString" } }).event.type;
    expect(isTold(inherited)).to.equal(false);
  });
});
