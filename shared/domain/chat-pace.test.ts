import { expect } from "chai";
import { type ChatLane, freeLane, silenced, type TurnAsked, takeTurn } from "./chat-pace.ts";

const pace = { everyMs: 1_000, burst: 3 };
const start = 1_000_000;

type Row = Readonly<{ it: string; lane: Partial<ChatLane>; asked: Partial<TurnAsked>; waits: number | null }>;

/** Times are milliseconds from the start. */
const rows: readonly Row[] = [
  { it: "is free where nothing was said", lane: {}, asked: {}, waits: null },
  { it: "takes a third message at once", lane: { spentUntil: 2_000 }, asked: {}, waits: null },
  { it: "lets a fourth one wait a second", lane: { spentUntil: 3_000 }, asked: {}, waits: 1_000 },
  {
    it: "is free again when the second is over",
    lane: { spentUntil: 3_000 },
    asked: { now: 1_000 },
    waits: null,
  },
  {
    it: "puts a newcomer behind whoever waits",
    lane: { spentUntil: 3_000, routineThrough: 4_000 },
    asked: {},
    waits: 5_000,
  },
  {
    it: "puts what is urgent before whatever else waits",
    lane: { spentUntil: 3_000, routineThrough: 4_000 },
    asked: { isUrgent: true },
    waits: 1_000,
  },
  {
    it: "puts what is urgent behind what was urgent before",
    lane: { spentUntil: 3_000, urgentThrough: 1_000 },
    asked: { isUrgent: true },
    waits: 2_000,
  },
  {
    it: "keeps the turn that is due for what is urgent",
    lane: { spentUntil: 3_000, urgentThrough: 1_000, routineThrough: 1_000 },
    asked: { now: 1_000, promised: 1_000 },
    waits: 2_000,
  },
  {
    it: "gives it to what is urgent",
    lane: { spentUntil: 3_000, urgentThrough: 1_000, routineThrough: 1_000 },
    asked: { now: 1_000, promised: 1_000, isUrgent: true },
    waits: null,
  },
  {
    it: "waits no longer than a turn for who does not come",
    lane: { spentUntil: 3_000, urgentThrough: 1_000 },
    asked: { now: 2_000, promised: 1_000 },
    waits: null,
  },
  {
    it: "does not send back to the end who came in time and found somebody quicker",
    lane: { spentUntil: 4_000, routineThrough: 60_000 },
    asked: { now: 1_010, promised: 1_000 },
    waits: 2_000,
  },
  {
    it: "does the same for what is urgent",
    lane: { spentUntil: 4_000, urgentThrough: 9_000 },
    asked: { now: 1_010, promised: 1_000, isUrgent: true },
    waits: 2_000,
  },
];

function at(lane: Partial<ChatLane>): ChatLane {
  const { spentUntil = 0, urgentThrough = -start, routineThrough = -start } = lane;
  return {
    spentUntil: start + spentUntil,
    urgentThrough: start + urgentThrough,
    routineThrough: start + routineThrough,
  };
}

describe("the pace of a chat", () => {
  for (const { it: name, lane, asked, waits } of rows)
    it(name, () => {
      const { now = 0, isUrgent = false, promised = null } = asked;
      const question = { now: start + now, isUrgent, promised: promised === null ? null : start + promised };
      const { waitUntil } = takeTurn(at(lane), question, pace);
      expect(waitUntil === null ? null : waitUntil - start).to.equal(waits);
    });

  it("is silent for as long as it was asked to be, and goes on one by one", () => {
    const lane = silenced(freeLane, start + 30_000, pace);
    const asked = { now: start, isUrgent: true, promised: null };
    expect(takeTurn(lane, asked, pace).waitUntil).to.equal(start + 30_000);
    const first = takeTurn(lane, { ...asked, now: start + 30_000 }, pace);
    expect(first.waitUntil).to.equal(null);
    expect(takeTurn(first.lane, { ...asked, now: start + 30_001 }, pace).waitUntil).to.equal(start + 31_000);
  });

  it("is not made faster by a silence that is shorter than the one before", () => {
    const lane = silenced(freeLane, start + 30_000, pace);
    expect(silenced(lane, start + 1_000, pace)).to.deep.equal(lane);
  });
});

/** Any number of speakers who ask, come back when they were told, and come a little late. */
function play(speakers: readonly Readonly<{ at: number; isUrgent: boolean }>[], lateMs: number) {
  let lane = freeLane;
  let questions = 0;
  const said: Readonly<{ at: number; speaker: number; isUrgent: boolean }>[] = [];
  const waiting = speakers.map((each, speaker) => ({
    speaker,
    now: start + each.at,
    isUrgent: each.isUrgent,
    promised: null as number | null,
  }));
  while (waiting.length > 0) {
    waiting.sort((one, other) => one.now - other.now);
    const [next] = waiting;
    if (next === undefined) break;
    questions += 1;
    const given = takeTurn(lane, next, pace);
    lane = given.lane;
    if (given.waitUntil === null) {
      waiting.shift();
      said.push({ at: next.now - start, speaker: next.speaker, isUrgent: next.isUrgent });
    } else {
      next.promised = given.waitUntil;
      next.now = given.waitUntil + lateMs;
    }
  }
  return { said, questions };
}

describe("many who speak in one lane", () => {
  const many = Array.from({ length: 200 }, (_, n) => ({ at: n, isUrgent: n % 10 === 9 }));

  for (const lateMs of [0, 7, 40])
    it(`keep the pace, and each is heard, when they come ${lateMs} ms late`, () => {
      const { said, questions } = play(many, lateMs);
      expect(said.map(({ speaker }) => speaker).toSorted((one, other) => one - other)).to.deep.equal(
        many.map((_, speaker) => speaker),
      );
      said.forEach(({ at: time }, index) => {
        const before = said[index - pace.burst];
        if (before !== undefined) expect(time - before.at).to.be.at.least(pace.everyMs);
      });
      const gaps = said
        .slice(pace.burst + 1)
        .map(({ at: time }, n) => time - (said[n + pace.burst]?.at ?? 0));
      expect(Math.min(...gaps)).to.be.at.least(pace.everyMs);
      expect(said.at(-1)?.at).to.be.below(many.length * (pace.everyMs + lateMs));
      expect(questions).to.be.below(many.length * 12);
    });

  it("hear what is urgent first", () => {
    const waited = play(many, 0).said.filter(({ at: time }) => time >= 1_000);
    const urgent = many.filter(({ isUrgent }) => isUrgent).length;
    expect(waited.slice(0, urgent).every(({ isUrgent }) => isUrgent)).to.equal(true);
  });

  it("hear what is equally urgent in the order in which it was asked", () => {
    const { said, questions } = play(
      many.map((each) => ({ ...each, isUrgent: false })),
      0,
    );
    expect(said.map(({ speaker }) => speaker)).to.deep.equal(many.map((_, speaker) => speaker));
    expect(questions).to.be.below(many.length * 2);
  });
});
