import { expect } from "chai";
import { carryOn, given } from "../../test/support/decider-spec.ts";
import { monday, person, releaseId, serviceKey } from "../../test/support/fixtures.ts";
import { minute, say, upTo } from "../../test/support/release-story.ts";
import type { Command } from "./commands.ts";
import { pauseAfter } from "./decide-warmth.ts";
import { owed } from "./owed.ts";
import { newService } from "./service-state.ts";
import { type MinimumResult, type WarmStep, warmthOf } from "./warm-state.ts";

const slot = "2026-01-05T09:00+01:00";
const until = monday + 12 * 60 * minute;
const up = { slot, from: 0, to: 1, raise: true, until } as const;
const down = { slot, from: 1, to: 0, raise: false, until: null } as const;

const keep = (plan: WarmStep, at = monday): Command => ({
  type: "keep-warm",
  at,
  releaseId: releaseId(),
  plan,
});
const raise = (at = monday) => keep({ step: "set-minimum", ...up }, at);
const lower = (at = monday) => keep({ step: "set-minimum", ...down }, at);
const written = (
  result: MinimumResult = { outcome: "set" },
  of: { slot: string; to: number } = up,
  at = monday,
) => ({ type: "finish-minimum", at, releaseId: releaseId(), slot: of.slot, to: of.to, result }) as const;
const warm = (at = monday): Command => ({
  type: "warm",
  at,
  releaseId: releaseId(),
  by: person,
  until: at + 120 * minute,
});
const cool = (at = monday): Command => ({ type: "cool-down", at, releaseId: releaseId(), by: person });

const live = () => carryOn(given(...upTo("live")).state, say.tidied());
const raised = () => carryOn(live().state, raise(), written());

describe("a minimum that is raised and taken back", () => {
  it("is owed as one piece of work in the lane of the traffic, and known as raised once it is written", () => {
    const due = live().when(raise()).happens("warmup-due");
    expect(owed(due).map(({ kind, lane, id }) => [kind, lane, id])).to.deep.equal([
      ["set-minimum", "traffic", `release-1/set-minimum/${monday}-1`],
    ]);
    const after = carryOn(due).when(written()).happens("warmup-raised");
    expect(owed(after)).to.deep.equal([]);
    expect(warmthOf(after).raised).to.include({ from: 0, to: 1, slot });
  });

  it("goes back, and is known as cold then", () => {
    const due = raised().when(lower()).happens("warmup-due");
    const after = carryOn(due)
      .when(written({ outcome: "set" }, down))
      .happens("warmup-lowered");
    expect(warmthOf(after)).to.include({ raised: null, due: null });
  });

  it("is the same once, by however many instances it is planned", () => {
    const due = live().when(raise()).state;
    carryOn(due).when(raise()).changesNothing();
    raised().when(raise()).changesNothing();
    live().when(lower()).changesNothing();
    raised().when(written()).changesNothing();
    carryOn(due)
      .when(written({ outcome: "set" }, { slot: "another", to: 1 }))
      .changesNothing();
  });

  it("remembers what there was before the first raise when it is raised again", () => {
    const more = { step: "set-minimum", slot, from: 1, to: 3, raise: true, until } as const;
    const { state } = carryOn(raised().state, keep(more), written({ outcome: "set" }, more));
    expect(warmthOf(state).raised).to.include({ from: 0, to: 3 });
  });

  it("is left to somebody who changed it meanwhile, once, and not raised again in that window", () => {
    const leave = keep({ step: "leave-alone", slot, expected: 1, found: 4, by: "ada@example.com" });
    const left = raised().when(leave).happens("warmup-left-alone");
    expect(warmthOf(left)).to.deep.include({ raised: null });
    carryOn(left).when(leave).changesNothing();
    carryOn(left).when(raise()).changesNothing();
    carryOn(left)
      .when(keep({ step: "set-minimum", ...up, slot: "the next day" }))
      .happens("warmup-due");
  });

  it("is left alone where somebody was faster than the write", () => {
    const due = live().when(raise()).state;
    const { events } = carryOn(due).when(written({ outcome: "changed", found: 2, by: null }));
    expect(events[0]).to.include({ type: "warmup-left-alone", expected: 0, found: 2 });
  });

  it("is tried again after pauses that grow, where Cloud Run refuses it or cannot be reached", () => {
    const refused = (at: number) => written({ outcome: "refused", message: "quota" }, up, at);
    const once = carryOn(live().state, raise(), refused(monday)).state;
    expect(warmthOf(once).backoff).to.include({ tries: 1, until: monday + 5 * minute, message: "quota" });
    const later = monday + 6 * minute;
    const failure = { code: "traffic-write-failed", message: "no answer" } as const;
    const giveUp = { type: "give-up", releaseId: releaseId(), work: "set-minimum", failure } as const;
    const twice = carryOn(once, raise(later)).when({ ...giveUp, at: later });
    expect(twice.events[0]).to.include({ tries: 2, until: later + 10 * minute, message: "no answer" });
    carryOn(twice.state)
      .when({ ...giveUp, at: later })
      .changesNothing();
    const muchLater = later + 3 * 60 * minute;
    const anew = carryOn(twice.state, raise(muchLater)).when(refused(muchLater));
    expect(anew.events[0]).to.include({ tries: 1 });
    expect([1, 2, 3, 4, 5, 50].map((tries) => pauseAfter(tries) / minute)).to.deep.equal([
      5, 10, 20, 40, 60, 60,
    ]);
  });
});

describe("pings", () => {
  const begin = keep({ step: "begin-pings", slot, until });
  const busy = (at = monday) => keep({ step: "back-off", slot, what: "ping", message: "429" }, at);

  it("begin once a window", () => {
    const pinged = live().when(begin).happens("warmup-pings-began");
    carryOn(pinged).when(begin).changesNothing();
  });

  it("pause when the service is busy, once for all who heard it", () => {
    const paused = live().when(busy()).happens("warmup-backed-off");
    carryOn(paused)
      .when(busy(monday + minute))
      .changesNothing();
    const again = carryOn(paused).when(busy(monday + 6 * minute));
    expect(again.events[0]).to.include({ tries: 2 });
  });
});

describe("a service in trouble", () => {
  const held = () => {
    const drift = say.drift([]);
    return carryOn(raised().state, drift);
  };

  it("keeps its minimum as it is while a release is rolled back or held", () => {
    const rolling = raised().when(say.rollBack(null)).state;
    expect(rolling.active?.status).to.equal("rolling-back");
    carryOn(rolling).when(lower()).changesNothing();
    expect(held().state.warmth).to.deep.equal(raised().state.warmth);
  });

  it("has the way back to stable freed of a write that was owed", () => {
    const due = raised().when(lower()).state;
    const rolling = carryOn(due).when(say.rollBack(null)).state;
    expect(owed(rolling).map(({ kind }) => kind)).to.deep.equal(["restore-stable"]);
    expect(owed(due).map(({ kind }) => kind)).to.deep.equal(["set-minimum"]);
  });
});

describe("a person's word on warmth", () => {
  it("is kept with who said it; the last word counts", () => {
    const asked = live().when(warm()).happens("warmup-asked");
    expect(warmthOf(asked).asked).to.include({ until: monday + 120 * minute });
    const off = carryOn(asked)
      .when(cool(monday + minute))
      .happens("warmup-called-off");
    expect(warmthOf(off)).to.deep.include({ asked: null, off: { by: person, at: monday + minute } });
    expect(warmthOf(carryOn(off, warm(monday + 2 * minute)).state)).to.deep.include({ off: null });
  });

  it("forgives what was left alone or refused before", () => {
    const leave = keep({ step: "leave-alone", slot, expected: 1, found: 0, by: null });
    const { state } = carryOn(raised().state, leave, warm());
    expect(warmthOf(state)).to.deep.include({ leftAlone: null, backoff: null });
  });

  it("is refused where nothing is live; what was raised may be called off even then", () => {
    const empty = newService(serviceKey());
    expect(carryOn(empty).when(warm()).isRefused("nothing-live")).to.include("nothing that it keeps warm");
    carryOn(empty).when(cool()).isRefused("nothing-live");
    carryOn({ ...raised().state, live: null })
      .when(cool())
      .happens("warmup-called-off");
  });
});
