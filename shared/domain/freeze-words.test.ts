import { expect } from "chai";
import { monday, person, releaseBasics, releaseRecord, serviceKey } from "../../test/support/fixtures.ts";
import { freeze } from "../../test/support/freeze.ts";
import { eventWords } from "./event-words.ts";
import { explainRelease } from "./explain.ts";
import type { Freeze, Lifted, StandingFreeze } from "./freeze.ts";
import {
  despiteWords,
  freezeVerdict,
  freezeWords,
  frozenAnswer,
  liftedAnswer,
  momentWords,
  scopeWords,
  standingWords,
} from "./freeze-words.ts";
import { rootMessage } from "./release-message.ts";
import { storyOf } from "./release-story.ts";

const key = serviceKey();
const hour = 3_600_000;
const lifted: Lifted = { by: { ...person, name: "maya" }, at: monday + hour, reason: "", cause: null };
const standing: StandingFreeze = {
  id: "f-00000000",
  services: "**",
  title: "the database moves",
  by: "ada",
  until: monday + 4 * hour,
  zone: "Europe/Berlin",
};
const nights: StandingFreeze = {
  id: null,
  services: "web/** or shop/**",
  title: "nights",
  by: "the operator's policy",
  until: null,
  zone: "UTC",
};

describe("momentWords()", () => {
  it("tells a moment on the clock of the zone", () => {
    expect(momentWords(monday, "UTC")).to.equal("Mon 5 Jan 2026 09:00 UTC");
    expect(momentWords(monday, "Europe/Berlin")).to.equal("Mon 5 Jan 2026 10:00 CET");
    expect(momentWords(Date.UTC(2026, 6, 6, 22), "Asia/Tokyo")).to.equal("Tue 7 Jul 2026 07:00 GMT+9");
  });
});

describe("the words for a freeze", () => {
  const scopes: readonly (readonly [string, string])[] = [
    ["**", "Every service"],
    ["web/*/shop", "Every service like web/*/shop"],
    [key, key],
    [`${key} or ${key}`, `Every service like ${key} or ${key}`],
  ];
  for (const [services, words] of scopes)
    it(`calls ${services} "${words}"`, () => {
      expect(scopeWords({ services })).to.equal(words);
    });

  it("says who, until when and why", () => {
    expect(standingWords(standing)).to.equal(
      "Every service is frozen by ada until Mon 5 Jan 2026 14:00 CET: the database moves",
    );
    expect(standingWords({ ...standing, services: key, until: null })).to.equal(
      `${key} is frozen by ada until somebody lifts it: the database moves`,
    );
    expect(standingWords(nights)).to.equal(
      "Every service like web/** or shop/** is frozen by the operator's policy with no end that the policy names: nights",
    );
  });

  const states: readonly (readonly [Partial<Freeze>, string])[] = [
    [{}, "stands until somebody lifts it"],
    [{ until: monday + hour }, "stands until Mon 5 Jan 2026 11:00 CET"],
    [{ until: monday }, "over since Mon 5 Jan 2026 10:00 CET"],
    [
      { from: monday + hour, until: monday + 2 * hour },
      "from Mon 5 Jan 2026 11:00 CET until Mon 5 Jan 2026 12:00 CET",
    ],
    [{ lifted }, "lifted by maya Mon 5 Jan 2026 11:00 CET"],
    [{ lifted: { ...lifted, reason: "done" } }, "lifted by maya Mon 5 Jan 2026 11:00 CET: done"],
  ];
  for (const [changes, words] of states)
    it(`says that it ${words}`, () => {
      expect(freezeWords(freeze(changes), monday)).to.equal(words);
    });
});

describe("freezeVerdict()", () => {
  const verdict = (freezes: readonly StandingFreeze[], reason: string | null = null) =>
    freezeVerdict({ tag: "v1.0.0", freezes, reason });

  it("lets pass what no freeze stands over, and marks nothing, whatever reason is given", () => {
    expect(verdict([])).to.deep.equal({ despite: null });
    expect(verdict([], "urgent")).to.deep.equal({ despite: null });
  });

  it("says who froze it, until when and why, what that means for the traffic, and what to type", () => {
    expect(verdict([standing])).to.deep.equal({
      refusal:
        "Every service is frozen by ada until Mon 5 Jan 2026 14:00 CET: the database moves. So v1.0.0 is not released: traffic stays as it is, and a rollback always may run. When the freeze is over: gantry deploy v1.0.0. To release it all the same: gantry deploy v1.0.0 --despite-freeze REASON. To lift the freeze: gantry freeze off f-00000000",
    });
  });

  it("offers to lift no window of the policy, and counts what else stands", () => {
    const [one, two] = [verdict([nights, standing]), verdict([nights, standing, standing])];
    expect(one).to.have.property("refusal").that.includes("1 more freeze stands: gantry freeze list.");
    expect(one).to.have.property("refusal").that.does.not.include("To lift the freeze");
    expect(two).to.have.property("refusal").that.includes("2 more freezes stand: gantry freeze list.");
  });

  it("lets pass what a person gives a reason for, and keeps what stood and why", () => {
    const passed = verdict([standing, nights], "the site is down");
    const stood = `${standingWords(standing, "was")}; ${standingWords(nights, "was")}`;
    expect(stood).to.include("Every service was frozen by ada until");
    expect(passed).to.deep.equal({
      despite: { freezes: stood, reason: "the site is down" },
    });
    expect(
      despiteWords(releaseBasics("despite" in passed && passed.despite ? { despite: passed.despite } : {})),
    ).to.equal(`Released despite a freeze, because the site is down. ${stood}.`);
    expect(despiteWords(releaseBasics())).to.equal("");
  });
});

describe("the answer to who sets or lifts a freeze", () => {
  const going = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ id: `release-${n}`, tag: `v1.0.${n}`, service: key }));
  const answer = (changes: Partial<Freeze>, count = 0, services = 2) =>
    frozenAnswer(freeze(changes), { at: monday, services, going: going(count) });

  it("says what is frozen until when, and how to end it", () => {
    expect(answer({ services: "**" })).to.equal(
      "Every service is frozen until somebody lifts it (f-00000000, 2 services now): nothing new is released, a rollback always may run. No release is under way. To end it: gantry freeze off f-00000000",
    );
    expect(answer({ from: monday + hour, until: monday + 2 * hour }, 0, 1)).to.include(
      `${key} will be frozen from Mon 5 Jan 2026 11:00 CET until Mon 5 Jan 2026 12:00 CET (f-00000000, 1 service now)`,
    );
  });

  it("names the releases that go on, the first few of many, and how to stop one", () => {
    expect(answer({}, 1)).to.include(
      `1 release that was admitted before goes on: v1.0.0 of ${key} (release-0). To stop one: gantry cancel release-0, or gantry rollback SERVICE once it has traffic.`,
    );
    expect(answer({}, 7))
      .to.include("7 releases that were admitted before go on: v1.0.0")
      .and.include("(release-4), 2 more. To stop one");
  });

  it("says of one that was set before and is no more what became of it", () => {
    expect(answer({ lifted })).to.equal(
      "The freeze f-00000000 was set before and is lifted by maya Mon 5 Jan 2026 11:00 CET.",
    );
    expect(answer({ until: monday })).to.include("is over since");
  });

  it("says that it is lifted, and that nothing is released by it", () => {
    expect(liftedAnswer(freeze({ lifted, services: "**" }), { at: monday, left: [] })).to.equal(
      "The freeze f-00000000 of every service is lifted by maya Mon 5 Jan 2026 11:00 CET. What was refused meanwhile is not released by itself: gantry deploy TAG",
    );
  });

  it("says what still stands", () => {
    expect(liftedAnswer(freeze({ lifted }), { at: monday, left: [standing] })).to.include(
      `It is not free yet: ${standingWords(standing)}.`,
    );
  });
});

describe("a release that went on despite a freeze", () => {
  const despite = { freezes: standingWords(standing, "was"), reason: "the site is down" };
  const release = releaseBasics({ despite });
  const event = { type: "release-began", at: monday, releaseId: release.id, release } as const;

  it("says so when it is asked for, when it begins, in its message and when it is explained", () => {
    const record = releaseRecord({ despite });
    const told = [
      eventWords({ ...event, type: "release-requested" }),
      storyOf(event, { record, people: new Map() })?.content.text,
      JSON.stringify(rootMessage({ record, people: new Map(), consoleUrl: "https://gantry.test" })),
      explainRelease(record, [event]).why,
    ];
    for (const text of told)
      expect(text)
        .to.include("Released despite a freeze, because the site is down.")
        .and.include("was frozen by ada until");
  });
});
