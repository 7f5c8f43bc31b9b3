import { expect } from "chai";
import { freeLane, silenced, type TurnAsked, takeTurn } from "./chat-pace.ts";

const pace = { everyMs: 1_000, burst: 3 };
const start = 1_000_000;

type Ask = Readonly<{ at: number; isUrgent?: boolean; ticket?: number; waits: number | null }>;
type Row = Readonly<{ it: string; asks: readonly Ask[] }>;

const free = (at: number): Ask => ({ at, waits: null });
const three = [free(0), free(0), free(0)] as const;

/** Times are milliseconds from the start. */
const rows: readonly Row[] = [
  {
    it: "takes three messages at once and lets the fourth one wait a second",
    asks: [...three, { at: 0, waits: 1_000 }],
  },
  { it: "is free again when the second is over", asks: [...three, free(1_000)] },
  {
    it: "calls who waits in the order in which they asked",
    asks: [...three, { at: 0, waits: 1_000 }, { at: 10, waits: 2_000 }, { at: 20, waits: 3_000 }],
  },
  {
    it: "puts a newcomer behind whoever waits, also where the lane is free already",
    asks: [...three, { at: 0, waits: 1_000 }, { at: 1_001, waits: 2_001 }],
  },
  {
    it: "puts what is urgent before whatever else waits",
    asks: [...three, { at: 0, waits: 1_000 }, { at: 10, isUrgent: true, waits: 1_000 }],
  },
  {
    it: "puts what is urgent behind what was urgent before",
    asks: [...three, { at: 0, isUrgent: true, waits: 1_000 }, { at: 10, isUrgent: true, waits: 2_000 }],
  },
  {
    it: "keeps the turn for what is urgent though others come before it",
    asks: [
      ...three,
      { at: 0, waits: 1_000 },
      { at: 10, isUrgent: true, waits: 1_000 },
      { at: 1_000, ticket: 1, waits: 2_000 },
      { at: 1_050, isUrgent: true, ticket: 1, waits: null },
    ],
  },
  {
    it: "calls who came in time and found the turn taken before everybody after them",
    asks: [
      ...three,
      { at: 0, waits: 1_000 },
      { at: 0, waits: 2_000 },
      { at: 1_080, ticket: 1, waits: null },
      { at: 1_990, waits: 3_000 },
      { at: 1_999, ticket: 2, waits: 2_000 },
      { at: 2_000, ticket: 2, waits: null },
    ],
  },
  {
    it: "waits no longer than a turn for who does not come, and takes them when they do",
    asks: [
      ...three,
      { at: 0, waits: 1_000 },
      { at: 0, isUrgent: true, waits: 1_000 },
      { at: 0, waits: 3_000 },
      { at: 2_000, ticket: 2, waits: null },
      { at: 2_010, isUrgent: true, ticket: 1, waits: null },
      { at: 2_020, ticket: 1, waits: 3_000 },
      { at: 3_000, ticket: 1, waits: null },
    ],
  },
  {
    it: "waits for nobody who is long gone",
    asks: [...three, { at: 0, waits: 1_000 }, free(60_000), free(60_000)],
  },
];

describe("the pace of a chat", () => {
  for (const { it: name, asks } of rows)
    it(name, () => {
      let lane = freeLane;
      for (const { at, isUrgent = false, ticket = null, waits } of asks) {
        const given = takeTurn(lane, { now: start + at, isUrgent, ticket }, pace);
        lane = given.lane;
        expect(given.promised === null ? null : given.promised.at - start, `at ${at}`).to.equal(waits);
      }
    });

  it("is silent for as long as it was asked to be, and goes on one by one", () => {
    const lane = silenced(freeLane, start + 30_000, pace);
    const asked = (ms: number, ticket: number | null): TurnAsked => ({
      now: start + ms,
      isUrgent: true,
      ticket,
    });
    const first = takeTurn(lane, asked(0, null), pace);
    expect(first.promised).to.deep.equal({ at: start + 30_000, ticket: 1 });
    const second = takeTurn(first.lane, asked(30_000, 1), pace);
    expect(second.promised).to.equal(null);
    expect(takeTurn(second.lane, asked(30_001, null), pace).promised?.at).to.equal(start + 31_000);
  });

  it("is not made faster by a silence that is shorter than the one before", () => {
    const lane = silenced(freeLane, start + 30_000, pace);
    expect(silenced(lane, start + 1_000, pace)).to.deep.equal(lane);
  });
});

type Speaker = Readonly<{ at: number; isUrgent: boolean; lines: number }>;

/** Any number of speakers who ask, come back when they were told, a little late, and have some lines to say each. */
function play(speakers: readonly Speaker[], lateMs: (speaker: number) => number) {
  let lane = freeLane;
  let questions = 0;
  const said: { at: number; speaker: number; waitedMs: number; isUrgent: boolean }[] = [];
  const waiting = speakers.map(({ at, isUrgent, lines }, speaker) => {
    const now = start + at;
    return { speaker, now, since: now, isUrgent, ticket: ((): number | null => null)(), lines };
  });
  while (waiting.some(({ lines }) => lines > 0)) {
    waiting.sort((one, other) => one.now - other.now);
    const next = waiting.find(({ lines }) => lines > 0);
    if (next === undefined) break;
    const { now, speaker, isUrgent } = next;
    questions += 1;
    const given = takeTurn(lane, next, pace);
    lane = given.lane;
    next.ticket = given.promised?.ticket ?? null;
    if (given.promised === null) {
      said.push({ at: now - start, speaker, waitedMs: now - next.since, isUrgent });
      next.lines -= 1;
      next.since = now;
    } else next.now = given.promised.at + lateMs(speaker);
  }
  return { said, questions };
}

describe("many who speak in one lane", () => {
  const many = Array.from({ length: 60 }, (_, n) => ({ at: n, isUrgent: n % 10 === 9, lines: 4 }));

  for (const [how, late] of [
    ["in time", () => 0],
    ["a little late", () => 40],
    ["each late in their own way", (speaker: number) => (speaker * 37) % 90],
  ] as const)
    it(`keep the pace, waste little of it, and are all heard, when they come ${how}`, () => {
      const { said, questions } = play(many, late);
      expect(said).to.have.length(240);
      said.forEach(({ at }, index) => {
        const before = said[index - pace.burst];
        if (before !== undefined) expect(at - before.at).to.be.at.least(pace.everyMs);
      });
      expect(said.at(-1)?.at).to.be.below(said.length * 1_100);
      expect(questions).to.be.below(said.length * 4);
    });

  it("hear what is urgent first", () => {
    const late = (speaker: number) => (speaker * 37) % 90;
    const waited = play(many, late).said.filter(({ at }) => at >= 1_000);
    const urgent = waited.findLastIndex(({ isUrgent }) => isUrgent);
    const between = waited.slice(0, urgent).filter(({ isUrgent }) => !isUrgent);
    expect(waited.filter(({ isUrgent }) => isUrgent).length).to.be.at.least(20);
    expect(between).to.have.length.below(5);
  });

  it("are treated alike: nobody waits twice as long as it takes to hear everybody once", () => {
    const alike = many.map((each) => ({ ...each, isUrgent: false }));
    const { said } = play(alike, (speaker) => (speaker * 37) % 90);
    const longest = Math.max(...said.map(({ waitedMs }) => waitedMs));
    expect(longest).to.be.below(2 * alike.length * pace.everyMs);
  });
});
