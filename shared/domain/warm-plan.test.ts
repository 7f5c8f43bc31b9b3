import { expect } from "chai";
import {
  candidate,
  monday,
  person,
  releaseBasics,
  releaseConfig,
  releaseId,
  revisionName,
  serviceKey,
} from "../../test/support/fixtures.ts";
import type { WarmupConfig } from "./release-config.ts";
import { newService, type ServiceState } from "./service-state.ts";
import {
  idleReason,
  pingTargets,
  planWarmth,
  type ScalingReading,
  type WarmFacts,
  warmthInWords,
} from "./warm-plan.ts";
import { type Warmth, warmthOf } from "./warm-state.ts";

const minute = 60_000;
const hour = 60 * minute;
const stable = revisionName("background-removal-00001");
const warmup: WarmupConfig = {
  days: ["mon", "tue", "wed", "thu", "fri"],
  holidays: [],
  from: "09:00",
  to: "21:00",
  zone: "UTC",
  leadMs: 10 * minute,
  mode: "minInstances",
  instances: 1,
  path: "/health",
  everyMs: 5 * minute,
};
const config = releaseConfig({ warmup });
const railed = (min: number) =>
  releaseConfig({ warmup, guardrails: { ...config.guardrails, instances: { min, max: 5 } } });
const slot = "2026-01-05T09:00+00:00";
const change = { slot, from: 0, to: 1, raise: true, until: monday + 12 * hour } as const;
const raised = { ...change, at: monday, releaseId: releaseId() } as const;

const liveState = (warmth: Partial<Warmth> = {}, changes: Partial<ServiceState> = {}): ServiceState => {
  const empty = newService(serviceKey());
  const live = { ...releaseBasics(), candidate: candidate(), stable, since: monday };
  return { ...empty, live, warmth: { ...warmthOf(empty), ...warmth }, ...changes };
};
const facts = (changes: Partial<WarmFacts> = {}, warmth: Partial<Warmth> = {}): WarmFacts => ({
  now: monday + hour,
  state: liveState(warmth),
  config,
  ...changes,
});
const reading = (changes: Partial<ScalingReading> = {}): ScalingReading => ({
  minimum: 0,
  by: null,
  url: "https://service.test",
  effective: [{ revision: stable, percent: 100, tag: null, url: null }],
  ...changes,
});
const night = monday - 2 * hour;
const asked = { by: person, at: night, until: night + 2 * hour } as const;
const backoff = { slot, what: "minimum", message: "quota", tries: 1, until: monday + 2 * hour } as const;
const held = {
  ...releaseBasics(),
  status: "held",
  failure: { code: "traffic-moved-by-hand", message: "m" },
  since: monday,
  found: [],
  candidate: candidate(),
  stable,
} as const;

describe("planWarmth()", () => {
  const table: readonly (readonly [
    title: string,
    facts: WarmFacts,
    reading: ScalingReading | null,
    expected: object,
    why: string,
  ])[] = [
    [
      "raises the minimum in the window",
      facts(),
      reading(),
      { do: "step", plan: { step: "set-minimum", ...change } },
      "The minimum goes from 0 to 1: it is kept warm from 09:00 to 21:00 (UTC).",
    ],
    [
      "raises it as early as its lead",
      facts({ now: monday - 10 * minute }),
      reading(),
      { do: "step", plan: { step: "set-minimum", ...change } },
      "goes from 0 to 1",
    ],
    [
      "raises it to no less than the guard rail wants",
      facts({ config: railed(2) }),
      reading(),
      { do: "step", plan: { step: "set-minimum", ...change, to: 2 } },
      "goes from 0 to 2",
    ],
    [
      "leaves a minimum that is high enough",
      facts(),
      reading({ minimum: 3 }),
      { do: "nothing" },
      "The minimum is 3, and 1 is wanted",
    ],
    [
      "leaves what it raised itself",
      facts({}, { raised }),
      reading({ minimum: 1 }),
      { do: "nothing" },
      "The minimum is 1, and 1 is wanted",
    ],
    [
      "leaves alone what somebody else made of it",
      facts({}, { raised }),
      reading({ minimum: 4, by: "ada@example.com" }),
      {
        do: "step",
        plan: { step: "leave-alone", slot, expected: 1, found: 4, by: "ada@example.com" },
      },
      "Gantry left a minimum of 1, and now the minimum is 4: somebody else changed it, and it is left so.",
    ],
    [
      "does not raise again in the window in which somebody lowered it",
      facts({}, { leftAlone: { slot, expected: 1, found: 0, at: monday } }),
      reading(),
      { do: "nothing" },
      "it is theirs until the next one",
    ],
    [
      "leaves a service alone that is scaled by hand",
      facts(),
      reading({ minimum: null }),
      { do: "nothing" },
      "scaled by hand",
    ],
    [
      "leaves it alone when it was scaled by hand meanwhile",
      facts({}, { raised }),
      reading({ minimum: null }),
      { do: "step", plan: { step: "leave-alone", slot, expected: 1, found: null, by: null } },
      "now the service is scaled by hand",
    ],
    [
      "takes back what it raised when the window is over",
      facts({ now: monday + 12 * hour }, { raised }),
      reading({ minimum: 1 }),
      {
        do: "step",
        plan: { step: "set-minimum", slot, from: 1, to: 0, raise: false, until: null },
      },
      "The minimum goes back from 1 to 0: its window is over.",
    ],
    [
      "takes it back to the guard rail",
      facts({ now: monday + 12 * hour, config: railed(1) }, { raised: { ...raised, to: 3 } }),
      reading({ minimum: 3 }),
      { do: "step", plan: { step: "set-minimum", slot, from: 3, to: 1, raise: false, until: null } },
      "back from 3 to 1",
    ],
    [
      "takes back what it raised when the release that is live now is not kept warm",
      facts({ config: releaseConfig() }, { raised }),
      reading({ minimum: 1 }),
      { do: "step", plan: { step: "set-minimum", slot, from: 1, to: 0, raise: false, until: null } },
      "back from 1 to 0",
    ],
    [
      "leaves alone, when the window is over, what somebody made of it",
      facts({ now: monday + 12 * hour }, { raised }),
      reading({ minimum: 2 }),
      { do: "step", plan: { step: "leave-alone", slot, expected: 1, found: 2, by: null } },
      "somebody else changed it",
    ],
    [
      "does nothing at night",
      facts({ now: night }),
      reading(),
      { do: "nothing" },
      "Its window is closed; the next: it opens 09:00 (UTC).",
    ],
    [
      "does nothing for a release without warmup",
      facts({ config: releaseConfig() }),
      reading(),
      { do: "nothing" },
      "has no `warmup` in its gantry.yaml",
    ],
    ["does nothing for a service that is gone", facts(), null, { do: "nothing" }, "no such service"],
    [
      "stands back while a release is held",
      facts({ state: liveState({ raised }, { active: held }), now: monday + 12 * hour }),
      reading({ minimum: 1 }),
      { do: "nothing" },
      "held for a person",
    ],
    [
      "waits for the write that is on its way",
      facts({}, { due: raised }),
      reading(),
      { do: "nothing" },
      "on its way",
    ],
    [
      "waits for the pause after a failure, within the same window",
      facts({}, { backoff }),
      reading(),
      { do: "nothing" },
      "the last try failed: quota",
    ],
    [
      "waits for no pause of another window",
      facts({}, { backoff: { ...backoff, slot: "yesterday" } }),
      reading(),
      { do: "step", plan: { step: "set-minimum", ...change } },
      "goes from 0 to 1",
    ],
    [
      "keeps warm at night what a person asked for",
      facts({ now: night + minute }, { asked }),
      reading(),
      {
        do: "step",
        plan: {
          step: "set-minimum",
          slot: `asked-${night}`,
          from: 0,
          to: 1,
          raise: true,
          until: asked.until,
        },
      },
      "ada asked for it",
    ],
    [
      "keeps warm what a person asked for, without any warmup",
      facts({ now: night + minute, config: releaseConfig() }, { asked }),
      reading(),
      {
        do: "step",
        plan: {
          step: "set-minimum",
          slot: `asked-${night}`,
          from: 0,
          to: 1,
          raise: true,
          until: asked.until,
        },
      },
      "ada asked for it",
    ],
    [
      "keeps it warm to the end of the window that is open when a person asks",
      facts({ now: monday + minute }, { asked: { ...asked, at: monday, until: monday + hour } }),
      reading(),
      { do: "step", plan: { step: "set-minimum", ...change, slot: `asked-${monday}` } },
      "ada asked for it",
    ],
    [
      "gives up the window that is open when a person calls it off",
      facts({}, { off: { by: person, at: monday + minute } }),
      reading(),
      { do: "nothing" },
      "ada called it off for now; the next: it opens 2026-01-06 09:00 (UTC).",
    ],
    [
      "counts the next window again",
      facts({ now: monday + 25 * hour }, { off: { by: person, at: monday + minute } }),
      reading(),
      {
        do: "step",
        plan: {
          step: "set-minimum",
          slot: "2026-01-06T09:00+00:00",
          from: 0,
          to: 1,
          raise: true,
          until: monday + 36 * hour,
        },
      },
      "goes from 0 to 1",
    ],
    [
      "sees no next window where no day is left",
      facts({ config: releaseConfig({ warmup: { ...warmup, days: [] } }) }),
      reading(),
      { do: "nothing" },
      "none is in sight",
    ],
  ];
  for (const [title, given, read, expected, why] of table) {
    it(title, () => {
      const { why: told, ...plan } = planWarmth(given, read);
      expect(plan).to.deep.equal(expected);
      expect(told).to.include(why);
    });
  }

  it("asks Cloud Run nothing where there is nothing to do", () => {
    expect(idleReason(facts({ now: night }))).to.include("closed");
    expect(idleReason(facts())).to.equal(null);
    expect(idleReason(facts({ now: night }, { raised }))).to.equal(null);
  });
});

describe("planWarmth() with pings", () => {
  const pinged = releaseConfig({ warmup: { ...warmup, mode: "ping", path: "/ready" } });

  it("pings what has traffic, once every few minutes of the window", () => {
    const plan = planWarmth(facts({ config: pinged }), reading());
    expect(plan).to.deep.equal({
      do: "ping",
      slot: `${slot}#14`,
      stretch: { slot, until: change.until },
      targets: [{ revision: null, url: "https://service.test" }],
      path: "/ready",
      why: "It is pinged: it is kept warm from 09:00 to 21:00 (UTC).",
    });
  });

  it("takes back a minimum from before pings were asked for", () => {
    const plan = planWarmth(facts({ config: pinged }, { raised }), reading({ minimum: 1 }));
    expect(plan).to.deep.include({ do: "step" });
  });

  it("pings nothing where nothing has traffic", () => {
    expect(planWarmth(facts({ config: pinged }), reading({ effective: [] }))).to.include({ do: "nothing" });
  });

  it("follows a rollout: a candidate only once it has traffic, each revision once", () => {
    const to = candidate();
    const tagged = (percent: number) => [
      { revision: stable, percent: 100 - percent, tag: null, url: null },
      { revision: to.revision, percent, tag: to.tag, url: to.url },
      { revision: to.revision, percent: 0, tag: "other", url: "https://other.test" },
    ];
    const url = "https://service.test";
    const own = { revision: to.revision, url: to.url };
    expect(pingTargets({ url, effective: tagged(0) })).to.deep.equal([{ revision: null, url }]);
    expect(pingTargets({ url, effective: tagged(10) })).to.deep.equal([{ revision: null, url }, own]);
    expect(pingTargets({ url, effective: tagged(100) })).to.deep.equal([own]);
  });
});

describe("warmthInWords()", () => {
  const until = "until 21:00 (UTC)";
  const words: readonly (readonly [WarmFacts, string])[] = [
    [facts({}, { raised }), `Kept warm ${until}: its minimum is 1, and it was 0.`],
    [
      facts({ state: liveState({ raised }, { active: held }) }),
      `Kept warm ${until}: its minimum is 1, and it was 0. The service is in trouble or held for a person: its minimum is left as it is.`,
    ],
    [facts({}, { due: raised }), "Its minimum is on its way from 0 to 1."],
    [facts(), `To be warm ${until}.`],
    [facts({}, { pings: { slot, until: monday } }), `Kept warm by pings ${until}.`],
    [
      facts({}, { leftAlone: { slot, expected: 1, found: 3, at: monday } }),
      `Gantry left a minimum of 1; somebody else changed it to 3, and it is left so ${until}.`,
    ],
    [
      facts({}, { leftAlone: { slot, expected: 1, found: null, at: monday } }),
      `Gantry left a minimum of 1; somebody else changed it to scaling by hand, and it is left so ${until}.`,
    ],
    [facts({ now: night }), "Its window is closed; the next: it opens 09:00 (UTC)."],
    [facts({ now: monday + 12 * hour }, { raised }), "Kept warm: its minimum is 1, and it was 0."],
  ];
  for (const [given, sentence] of words)
    it(`says "${sentence}"`, () => expect(warmthInWords(given)).to.equal(sentence));
});
