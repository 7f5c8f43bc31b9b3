import { expect } from "chai";
import fc from "fast-check";
import {
  candidate,
  image,
  monday,
  plan,
  releaseBasics,
  releaseId,
  revisionName,
  serviceKey,
  tagName,
} from "../../test/support/fixtures.ts";
import { buildId, minute, say, stable } from "../../test/support/release-story.ts";
import { serviceSettings } from "../../test/support/settings.ts";
import type { Command } from "./commands.ts";
import { decide } from "./decide.ts";
import type { ServiceEvent } from "./events.ts";
import { evolveAll } from "./evolve.ts";
import type { ReleaseId } from "./ids.ts";
import { owed } from "./owed.ts";
import { newRecord, project } from "./project.ts";
import { wantedSplit } from "./release-plan.ts";
import type { ReleaseRecord } from "./release-record.ts";
import { newService, type ReleaseBasics, type ServiceState } from "./service-state.ts";
import { isWholeSplit } from "./traffic.ts";
import { mayTurnWayBack, offersWayBack } from "./way-back-offer.ts";
import { isEnd } from "./words.ts";
import type { Work } from "./work.ts";

const approval = {
  required: true,
  from: ["@ml-oncall"],
  count: 1,
  authorMayApprove: false,
  expiresMs: 5 * minute,
};
const releases: readonly ReleaseBasics[] = [1, 2, 3, 4].map((n) =>
  releaseBasics({
    id: releaseId(`release-${n}`),
    tag: tagName(`v1.${n}.0`),
    plan: plan(n === 3 ? { approval } : { onFailure: n === 2 ? "hold" : "rollback" }),
    ...(n === 4 ? { prebuilt: { reference: "registry.test/api:v1", image: image("d3") } } : {}),
  }),
);
const candidates = new Map(
  releases.map(({ id }, n) => [
    id,
    candidate({ revision: revisionName(`background-removal-0001${n}`), image: image(`d${n}`) }),
  ]),
);
function candidateOf(id: ReleaseId) {
  return candidates.get(id) ?? candidate();
}

const again = buildId("build-2");

const left = { settings: serviceSettings(), lookEveryMs: minute };
const rows = [{ setting: "memory", wanted: "32Gi", found: "16Gi" }];

/** Any command about any of four releases, at any time of an hour, plausible or not. */
const commands = fc
  .record({
    release: fc.constantFrom(...releases),
    at: fc.integer({ min: 0, max: 60 }).map((minutes) => monday + minutes * minute),
    kind: fc.nat(36),
    step: fc.integer({ min: 0, max: 1 }),
    slice: fc.integer({ min: 0, max: 2 }),
    verdict: fc.constantFrom("pass" as const, "pass" as const, "fail" as const, "inconclusive" as const),
    percent: fc.constantFrom(0, 10, 50, 100),
  })
  .map(({ release, at, kind, step, slice, verdict, percent }): Command => {
    const of = { at, id: release.id };
    const to = candidateOf(release.id);
    const found = [
      { revision: stable, percent: 100 - percent },
      { revision: to.revision, percent },
    ].filter((part) => part.percent > 0);
    const all: readonly Command[] = [
      say.request(release, { at }),
      say.request(release, { at, explicit: true }),
      say.buildStarted(of),
      say.buildWorking(of),
      say.built(of, to.image),
      say.built(of, to.image),
      say.buildFailed(of),
      say.deployed(of, to),
      say.deployed(of, to),
      say.deployFailed(of),
      say.gate(verdict, of),
      say.approve(undefined, of),
      say.reject(undefined, of),
      say.expire(of),
      say.moved(step, of),
      say.watched(step, slice, of, verdict),
      say.watched(null, slice, of, verdict),
      say.drift(found, of),
      say.restored(of),
      say.tidied(of),
      say.cancel(of),
      say.rollBack(null, of),
      say.pause(of),
      say.resume(of),
      say.promote(of),
      say.failWaiting(of),
      say.buildLost(of),
      say.buildLost(of, again),
      say.buildStarted(of, again),
      say.built(of, to.image, again),
      say.buildFailed(of, again),
      say.preflight([], of),
      say.preflight([{ severity: "stops", code: "quota-exceeded", message: "", next: "" }], of),
      say.deployed(of, to, stable, left),
      say.changed(percent === 0 ? [] : rows, of, at),
      say.changed(percent === 0 ? [] : rows, of, monday),
      say.accept(of),
    ];
    return all[kind] ?? say.request(release, { at });
  });

type Run = Readonly<{ state: ServiceState; events: readonly ServiceEvent[] }>;

function run(list: readonly Command[], from: ServiceState = newService(serviceKey())): Run {
  return list.reduce<Run>(
    ({ state, events }, command) => {
      const decision = decide(command, state);
      return decision.ok
        ? { state: evolveAll(state, decision.events), events: [...events, ...decision.events] }
        : { state, events };
    },
    { state: from, events: [] },
  );
}

/** A service is looked at for ever; where somebody changed it, the next look finds it put back. */
function owedBesidesLooking(state: ServiceState): readonly Work[] {
  return owed(state).filter(({ kind }) => kind !== "check-drift" || state.drift !== undefined);
}

/** What comes of owed work in a world where everything succeeds. */
function success(work: Work, state: ServiceState, at: number): Command {
  const of = { at, id: work.releaseId };
  const to = candidateOf(work.releaseId);
  const { active } = state;
  switch (work.kind) {
    case "preflight":
      return { type: "finish-preflight", at, releaseId: work.releaseId, findings: [], changes: null };
    case "check-drift":
      return say.changed([], of, state.left?.at ?? 0);
    case "set-minimum":
      return {
        type: "finish-minimum",
        at,
        releaseId: work.releaseId,
        slot: "",
        to: 0,
        result: { outcome: "set" },
      };
    case "start-build":
      return say.buildStarted(of, buildOf(state));
    case "check-build":
      return say.built(of, to.image, buildOf(state));
    case "deploy-candidate":
      return say.deployed(of, to);
    case "verify-candidate":
      return say.gate("pass", of);
    case "watch-waiting":
      return say.approve(undefined, of);
    case "expire-approval":
      return say.expire(of);
    case "move-traffic":
      return say.moved(active?.status === "rolling-out" ? active.step : 0, of);
    case "watch": {
      const slice = active?.status === "rolling-out" || active?.status === "baking" ? active.slice : 0;
      return say.watched(active?.status === "rolling-out" ? active.step : null, slice, of);
    }
    case "restore-stable":
      return say.restored(of);
    case "tidy":
      return say.tidied(of, state.leftovers.find(({ releaseId: left }) => left === work.releaseId)?.found);
  }
}

/** The build that runs; else one that is not the one that was lost. */
function buildOf({ active }: ServiceState) {
  if (active?.status !== "building") return again;
  return active.build?.id ?? (active.lost === again ? undefined : again);
}

/** What is left over is tidied up as often as it is found, which is all that a repeated report about it leads to. */
function withoutFindings(state: ServiceState): object {
  return { ...state, leftovers: state.leftovers.map((left) => ({ ...left, found: 0 })) };
}

/** Set GANTRY_SEED to play one run again. */
const seed = Number(process.env["GANTRY_SEED"] ?? Date.now() % 2 ** 31);
const options = { numRuns: 1500, seed };

describe("invariants of the decider, over any commands in any order", () => {
  before(() =>
    console.log(`      seed ${fc.readConfigureGlobal()?.seed ?? "chosen by fast-check, printed on failure"}`),
  );

  it("keeps what a release wants of the traffic at 100 % of distinct revisions", () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 40 }), (list) => {
        list.forEach((_, index) => {
          const { active } = run(list.slice(0, index + 1)).state;
          const split = active && active.status !== "held" ? wantedSplit(active) : null;
          if (split && split.length > 0) expect(isWholeSplit(split), JSON.stringify(split)).to.equal(true);
        });
      }),
      { ...options, numRuns: 300 },
    );
  });

  it("never raises a candidate's share again once it dropped", () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 60 }), (list) => {
        const { events } = run(list);
        for (const { id } of releases) {
          const own = events.filter(({ releaseId: about }) => about === id);
          const back = own.findIndex(({ type }) => type === "rollback-began" || type === "release-held");
          if (back >= 0)
            expect(
              own.slice(back).filter(({ type }) => type === "step-began" || type === "traffic-moved"),
            ).to.deep.equal([]);
          const shares = own.flatMap((event) => (event.type === "step-began" ? [event.percent] : []));
          expect(shares).to.deep.equal(shares.toSorted((a, b) => a - b));
        }
      }),
      options,
    );
  });

  it("moves traffic to a candidate only after its gate passed and, where asked for, somebody approved", () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 60 }), (list) => {
        const { events } = run(list);
        for (const { id, plan: planned } of releases) {
          const own = events.filter(({ releaseId: about }) => about === id).map(({ type }) => type);
          const exposed = own.indexOf("step-began");
          if (exposed < 0) continue;
          expect(own.slice(0, exposed)).to.include("gate-passed");
          if (planned.approval.required) expect(own.slice(0, exposed)).to.include("approval-given");
        }
      }),
      options,
    );
  });

  it("builds once more only what the platform lost, and never a third time", () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 60 }), (list) => {
        const { events } = run(list);
        for (const { id, prebuilt } of releases) {
          const own = events.filter(({ releaseId: about }) => about === id).map(({ type }) => type);
          const lost = own.filter((type) => type === "build-lost").length;
          expect(lost).to.be.at.most(1);
          expect(own.filter((type) => type === "build-started").length).to.be.at.most(lost + 1);
          if (prebuilt) expect(own).to.not.include.members(["build-started"]);
        }
      }),
      options,
    );
  });

  it("takes no step and does not bake while paused", () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 60 }), (list) => {
        const paused = new Set<ReleaseId>();
        for (const { type, releaseId: about } of run(list).events) {
          if (type === "rollout-paused") paused.add(about);
          if (type === "rollout-resumed" || type === "rollout-promoted") paused.delete(about);
          if (type === "step-began" || type === "bake-began")
            expect(paused.has(about), `${type} of ${about}`).to.equal(false);
        }
      }),
      options,
    );
  });

  it("turns the way back that the message of another, live release offers only with facts that say so", () => {
    const old = releaseBasics({ id: releaseId("release-0"), tag: tagName("v0.9.0") });
    const live = { ...old, candidate: candidate(), stable, since: monday };
    const before = { ...newService(serviceKey()), live };
    let turned = 0;
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 60 }), (list) => {
        let state: ServiceState = before;
        for (const event of run(list, before).events) {
          const next = evolveAll(state, [event]);
          for (const { id } of [old, ...releases])
            if (id !== event.releaseId && offersWayBack(state, id) !== offersWayBack(next, id)) {
              expect(mayTurnWayBack(event.type), event.type).to.equal(true);
              turned += 1;
            }
          state = next;
        }
      }),
      options,
    );
    expect(turned).to.be.above(100);
  });

  it("has one writer of traffic: at most one release that runs, and its work alone in the lane but for tidying", () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 60 }), (list) => {
        const { state } = run(list);
        const writers = owed(state).filter(({ lane, kind }) => lane === "traffic" && kind !== "tidy");
        expect(writers.length).to.be.at.most(1);
        expect(state.queue.length).to.be.at.most(1);
        for (const work of writers) expect(work.releaseId).to.equal(state.active?.id);
      }),
      options,
    );
  });

  it("changes nothing when a command is repeated", () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 40 }), commands, (list, command) => {
        const { state } = run(list);
        const once = run([command], state).state;
        const twice = run([command], once).state;
        const isPoll =
          command.type === "note-build-working" ||
          command.type === "roll-back" ||
          command.type === "request-release";
        if (!isPoll) expect(withoutFindings(twice)).to.deep.equal(withoutFindings(once));
      }),
      options,
    );
  });

  it("changes nothing when a report about an ended release comes late, but that what it left is cleared away", () => {
    fc.assert(
      fc.property(fc.array(commands, { minLength: 10, maxLength: 60 }), commands, (list, command) => {
        const { state } = run(list);
        const isReport = /^(note|finish|report|give-up|expire)/.test(command.type);
        const isOver =
          state.seen.some((seen) => seen.releaseId === command.releaseId) &&
          state.active?.id !== command.releaseId &&
          !state.queue.some(({ id }) => id === command.releaseId);
        fc.pre(isReport && isOver);
        const { leftovers: _before, ...before } = state;
        const { leftovers: _after, ...after } = run([command], state).state;
        expect(after).to.deep.equal(before);
      }),
      { ...options, numRuns: 500 },
    );
  });

  it("ends every release once the world does what it is owed, unless a person is waited for", () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 40 }), (list) => {
        let { state } = run(list);
        let at = monday + 60 * minute;
        for (let turn = 0; turn < 200; turn++) {
          const [next] = owedBesidesLooking(state).toSorted((a, b) => a.dueAt - b.dueAt);
          if (!next) break;
          at = Math.max(at + minute, next.dueAt);
          state = run([success(next, state, at)], state).state;
        }
        expect(owedBesidesLooking(state)).to.deep.equal([]);
        expect(
          state.active === null || state.active.status === "held",
          JSON.stringify(state.active),
        ).to.equal(true);
        if (state.active === null) expect(state.queue).to.deep.equal([]);
      }),
      options,
    );
  });

  it("keeps records that say the same as the state", () => {
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 60 }), (list) => {
        const { state, events } = run(list);
        const records = new Map<ReleaseId, ReleaseRecord>();
        for (const event of events) {
          const known =
            records.get(event.releaseId) ??
            (event.type === "release-requested" ? newRecord(state.key, event.release) : null);
          if (known) records.set(event.releaseId, project(known, event));
        }
        for (const record of records.values()) {
          const isQueued = state.queue.some(({ id }) => id === record.id);
          if (state.active?.id === record.id) expect(record.status).to.equal(state.active.status);
          else if (isQueued) expect(record.status).to.equal("queued");
          else expect(isEnd(record.status), record.status).to.equal(true);
          expect(record.endedAt === null).to.equal(!isEnd(record.status));
        }
      }),
      options,
    );
  });
});
