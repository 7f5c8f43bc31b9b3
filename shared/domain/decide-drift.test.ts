import { expect } from "chai";
import { carryOn, given } from "../../test/support/decider-spec.ts";
import { candidate, monday, person, releaseBasics } from "../../test/support/fixtures.ts";
import { first, minute, recordAfter, say, second, stable, upTo } from "../../test/support/release-story.ts";
import { serviceSettings } from "../../test/support/settings.ts";
import type { Command, FoundChanges } from "./commands.ts";
import type { Finding } from "./finding.ts";
import type { ReleaseId } from "./ids.ts";
import { owed } from "./owed.ts";
import type { ServiceState } from "./service-state.ts";

const five = 5 * minute;
const settings = serviceSettings();
const changed = serviceSettings({ memoryBytes: 16 * 2 ** 30 });
const memory = { setting: "memory", wanted: "32Gi", found: "16Gi" } as const;

const deployed: Command = {
  type: "finish-deploy",
  at: monday,
  releaseId: first.id,
  result: { candidate: candidate(), stable },
  left: { settings, lookEveryMs: five },
};

/** A live service that Gantry tidied up after. */
const live = [
  ...upTo("deploying"),
  deployed,
  ...upTo("live").slice(upTo("verifying").length),
  { type: "finish-tidy", at: monday + 2 * minute, releaseId: first.id, found: 1 },
] as const satisfies readonly Command[];

function found(of: Partial<FoundChanges> = {}): FoundChanges {
  return { rows: [memory], by: "eve@example.com", settings: changed, serving: candidate().revision, ...of };
}

function report(of: Partial<FoundChanges> = {}, leftAt = monday + 2 * minute, id?: ReleaseId): Command {
  return { type: "report-changes", at: monday + five, releaseId: id ?? first.id, leftAt, ...found(of) };
}

const accept: Command = {
  type: "accept-changes",
  at: monday + 2 * five,
  releaseId: first.id,
  by: person,
  reason: "less memory is enough",
};

const drifted = [...live, report()] as const;

function lookAt(state: ServiceState): readonly string[] {
  return owed(state)
    .filter(({ kind }) => kind === "check-drift")
    .map(({ dueAt }) => `${(dueAt - monday) / minute} min`);
}

const stops: Finding = {
  severity: "stops",
  code: "quota-exceeded",
  message: "The quota allows 3.",
  next: "ask for more",
};
const permitted: Finding = {
  severity: "notes",
  code: "guardrail-allowed",
  message: "A person allowed it.",
  next: "",
  rows: [memory],
};

describe("the preflight of a release", () => {
  it("lets it go on to the build, and says what was found", () => {
    const then = given(say.request()).when(say.preflight([{ ...stops, severity: "warns" }]));
    expect(then.happens("preflight-passed", "preflight-warned").active).to.include({
      status: "building",
      checked: true,
    });
    given(say.request())
      .when(say.preflight([permitted]))
      .happens("preflight-passed");
    expect(recordAfter(first, [say.request(), say.preflight([permitted])]).findings).to.deep.equal([
      permitted,
    ]);
  });

  it("ends it before the build when something stops it, with each finding and what to do", () => {
    const then = given(say.request()).when(say.preflight([stops]));
    const state = then.happens("preflight-failed", "release-failed");
    expect([state.active, state.leftovers]).to.deep.equal([null, [{ ...state.leftovers[0] }]]);
    const record = recordAfter(first, [say.request(), say.preflight([stops])]);
    expect(record.failure).to.deep.equal({
      code: "preflight-stopped",
      message: "The quota allows 3. Next: ask for more",
    });
    expect(record.findings).to.deep.equal([stops]);
  });

  it("calls a broken guard rail by its name", () => {
    const broken: Finding = { ...stops, code: "guardrail-broken", next: "" };
    expect(recordAfter(first, [say.request(), say.preflight([broken])]).failure).to.deep.equal({
      code: "guardrail-broken",
      message: "The quota allows 3.",
    });
  });

  it("records who let it break a guard rail, and why", () => {
    const allowing = releaseBasics({ allows: { settings: ["memory"], reason: "smaller model" } });
    const then = given(say.request(allowing)).when(say.preflight([permitted]));
    then.happens("preflight-passed", "change-allowed");
    expect(then.events[1]).to.deep.include({
      by: allowing.requestedBy,
      reason: "smaller model",
      rows: [memory],
    });
    expect(carryOn(then.state, say.buildStarted()).state.active?.allows?.settings).to.deep.equal(["memory"]);
  });

  it("counts once, and only while the release has no build", () => {
    given(say.request(), say.preflight())
      .when(say.preflight([stops]))
      .changesNothing();
    given(...upTo("deploying"))
      .when(say.preflight([stops]))
      .changesNothing();
    given().when(say.preflight()).changesNothing();
  });

  it("fails a release when somebody changed the service since Gantry left it, and holds the service", () => {
    const then = given(...live, say.request(second)).when(say.preflight([], { id: second.id }, found()));
    const state = then.happens("preflight-failed", "release-failed", "drift-found");
    expect(state.drift?.rows).to.deep.equal([memory]);
    expect(then.events[1]).to.have.nested.property("failure.code", "service-drifted");
  });
});

describe("a guard rail after the deploy", () => {
  it("fails the release at 0 % with what was found, and takes the candidate away", () => {
    const failure = { code: "guardrail-broken", message: "memory is 16Gi, not 32Gi" } as const;
    const broken: Command = { ...deployed, result: { failure, rows: [memory] } };
    given(...upTo("deploying"))
      .when(broken)
      .happens("guardrail-broken", "release-failed");
    const known = given(...live, ...upTo("deploying", second));
    const state = known
      .when({ ...broken, releaseId: second.id })
      .happens("settings-left", "guardrail-broken", "release-failed");
    expect(state.leftovers).to.have.length(1);
    expect(recordAfter(first, [...upTo("deploying"), broken]).findings?.[0]).to.deep.include({
      severity: "stops",
      code: "guardrail-broken",
      rows: [memory],
    });
  });
});

describe("looking at a service that Gantry left", () => {
  it("is owed at intervals while nothing of Gantry's own is under way", () => {
    expect(lookAt(given(...live).state)).to.deep.equal(["7 min"]);
    expect(lookAt(given(...live, say.request(second)).state)).to.deep.equal([]);
    expect(lookAt(given(...live.slice(0, -1)).state)).to.deep.equal([]); // not tidied up yet
    expect(lookAt(given().state)).to.deep.equal([]);
    expect(lookAt(given(...upTo("live")).state)).to.deep.equal([]); // nothing was read
    const never: Command = { ...deployed, left: { settings, lookEveryMs: null } };
    const unseen = [...upTo("deploying"), never, ...live.slice(upTo("verifying").length)];
    expect(lookAt(given(...unseen).state)).to.deep.equal([]);
  });

  it("expects what Gantry did with the traffic last", () => {
    expect(given(...live).state.left?.serving).to.equal(candidate().revision);
    const back = given(...live, say.rollBack(), say.restored()).state;
    expect(back.left?.serving).to.equal(stable);
  });

  it("forgets a service that went with its failed first release", () => {
    const firstEver: Command = { ...deployed, result: { candidate: candidate(), stable: null } };
    const { state } = given(
      ...upTo("deploying"),
      firstEver,
      say.gate("pass"),
      say.moved(1),
      say.rollBack(),
      say.restored(),
    );
    expect([state.left, lookAt(state)]).to.deep.equal([undefined, []]);
  });

  it("holds the service when somebody changed it, once", () => {
    const then = given(...live).when(report());
    const state = then.happens("drift-found");
    expect(state.drift).to.deep.include({ rows: [memory], by: "eve@example.com", since: monday + five });
    carryOn(state).when(report()).changesNothing();
    const more = carryOn(state).when(report({ rows: [memory, { ...memory, setting: "cpu" }] }));
    expect(more.happens("drift-found").drift?.since).to.equal(monday + five);
  });

  it("takes no report for true that comes late", () => {
    given(...live)
      .when(report({}, monday))
      .changesNothing();
    given(...live, say.request(second))
      .when(report())
      .changesNothing();
    given().when(report()).changesNothing();
    given(...live)
      .when(report({ rows: [] }))
      .changesNothing();
  });

  it("goes on by itself when it was put back", () => {
    expect(
      given(...drifted)
        .when(report({ rows: [] }))
        .happens("drift-gone"),
    ).to.not.have.property("drift");
  });

  it("notes anew after a release that could not say how it left the service", () => {
    const unread: Command = {
      type: "finish-deploy",
      at: monday,
      releaseId: second.id,
      result: { failure: { code: "deploy-unfinished", message: "" } },
    };
    const { state } = given(...live, ...upTo("deploying", second), unread);
    expect(state.left?.isStale).to.equal(true);
    const note: Command = {
      type: "note-settings",
      at: monday + five,
      releaseId: second.id,
      settings: changed,
      serving: candidate().revision,
      lookEveryMs: five,
    };
    const tidied = carryOn(state, { type: "finish-tidy", at: monday + five, releaseId: second.id, found: 1 });
    expect(lookAt(tidied.state)).to.deep.equal(["2 min"]); // at once
    tidied.when(report()).changesNothing();
    const noted = tidied.when(note).happens("settings-left");
    expect(noted.left).to.include({ settings: changed, isStale: false });
    carryOn(noted).when(note).changesNothing();
  });
});

describe("a service that somebody changed", () => {
  it("gets nothing new, and says who changed what and what to type", () => {
    const message = given(...drifted)
      .when(say.request(second, { explicit: true }))
      .isRefused("service-drifted");
    expect(message)
      .to.include("eve@example.com changed the service")
      .and.to.include("memory: 32Gi is now 16Gi");
    const unnamed = given(...live, report({ by: null }));
    expect(unnamed.when(say.request(second)).isRefused("service-drifted")).to.match(/^Somebody changed/);
  });

  it("may be rolled back all the same", () => {
    given(...drifted)
      .when(say.rollBack())
      .happens("rollback-began");
  });

  it("is taken as it is when a person accepts it", () => {
    const then = given(...drifted).when(accept);
    const state = then.happens("drift-accepted");
    expect(state.left).to.deep.include({ settings: changed, at: monday + 2 * five });
    expect(state).to.not.have.property("drift");
    carryOn(state).when(say.request(second)).happens("release-requested", "release-began");
    carryOn(state).when(accept).isRefused("nothing-to-accept");
  });

  it("is no longer looked for when a person accepts that it is gone", () => {
    const gone = given(...live, report({ settings: null, serving: null }), accept).state;
    expect([gone.left, gone.drift]).to.deep.equal([undefined, undefined]);
  });

  it("keeps what waits behind a release that failed by it, until a person accepts it", () => {
    const waiting = [...live, ...upTo("rolling-out", second).slice(0, 1)];
    const { state } = given(...waiting);
    const queued = { ...state, queue: [releaseBasics({ ...first, id: second.id })] };
    const held = carryOn(queued, say.preflight([], { id: second.id }, found())).state;
    expect(held.active).to.equal(null);
    expect(carryOn(held, accept).state.active?.status).to.equal("building");
  });
});
