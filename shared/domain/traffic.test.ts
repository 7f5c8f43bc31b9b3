import { expect } from "chai";
import fc from "fast-check";
import type { ReleaseId, RevisionName } from "./ids.ts";
import {
  candidateTag,
  describeSplit,
  isGantryTag,
  isSameSplit,
  isWholeSplit,
  percentOf,
  type Split,
  soleRevision,
  splitOf,
  stepSplit,
  type TrafficShare,
  tagsOf,
  trafficList,
  withoutTag,
} from "./traffic.ts";

const revision = (name: string): RevisionName => name as RevisionName;
const [a, b, c] = [revision("api-a"), revision("api-b"), revision("api-c")];

const splits = fc
  .uniqueArray(fc.constantFrom("r-1", "r-2", "r-3", "r-4").map(revision), { minLength: 1, maxLength: 4 })
  .chain((names) =>
    fc
      .array(fc.integer({ min: 1, max: 25 }), { minLength: names.length, maxLength: names.length })
      .map((percents): Split => {
        const others = percents.slice(1).reduce((sum, percent) => sum + percent, 0);
        return names.map((name, index) => ({
          revision: name,
          percent: index === 0 ? 100 - others : (percents[index] ?? 0),
        }));
      }),
  );

const tags = fc.array(
  fc.record({
    revision: fc.option(fc.constantFrom("r-1", "r-2", "r-9").map(revision), { nil: null }),
    tag: fc.constantFrom("prod", "blue", "g-1", "g-2"),
  }),
);

const sum = (shares: readonly TrafficShare[]): number =>
  shares.reduce((total, { percent }) => total + percent, 0);

describe("traffic", () => {
  it("names a candidate's tag after its release, short enough for one DNS label with the longest service", () => {
    expect(candidateTag("rel-20260101-abcd1234" as ReleaseId)).to.equal("g-abcd1234");
    expect(candidateTag("abcdef" as ReleaseId)).to.equal("g-abcdef");
    expect(candidateTag("abcdefgh--" as ReleaseId)).to.equal("g-cdefgh00");
    expect(`${candidateTag("r-abcdefgh" as ReleaseId)}---${"s".repeat(49)}`.length).to.be.at.most(63);
  });

  it("tells its own tags from those of others", () => {
    expect(["g-1", "green", "prod"].map(isGantryTag)).to.deep.equal([true, false, false]);
  });

  it("adds up what requests meet, with the latest revision resolved", () => {
    const shares: readonly TrafficShare[] = [
      { revision: a, percent: 60, tag: null },
      { revision: null, percent: 30, tag: "current" },
      { revision: a, percent: 10, tag: "prod" },
      { revision: c, percent: 0, tag: "g-1" },
    ];
    expect(splitOf({ shares, latest: b })).to.deep.equal([
      { revision: a, percent: 70 },
      { revision: b, percent: 30 },
    ]);
    expect(splitOf({ shares, latest: null })).to.deep.equal([{ revision: a, percent: 70 }]);
  });

  it("finds the one revision that has all traffic, and none where several share it", () => {
    expect(soleRevision([{ revision: a, percent: 100 }])).to.equal(a);
    expect(soleRevision([{ revision: a, percent: 99 }])).to.equal(null);
    expect(soleRevision(stepSplit({ candidate: b, stable: a, percent: 5 }))).to.equal(null);
    expect(soleRevision([])).to.equal(null);
  });

  it("refuses splits with fractions, negatives, repeated names or another sum", () => {
    const wrong: readonly Split[] = [
      [],
      [
        { revision: a, percent: 33.3 },
        { revision: b, percent: 66.7 },
      ],
      [
        { revision: a, percent: 110 },
        { revision: b, percent: -10 },
      ],
      [
        { revision: a, percent: 50 },
        { revision: a, percent: 50 },
      ],
      [{ revision: a, percent: 90 }],
    ];
    expect(wrong.map(isWholeSplit)).to.deep.equal(wrong.map(() => false));
  });

  it("makes every step whole and sums it to 100, whatever percent is asked for", () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.double()), (percent) => {
        expect(isWholeSplit(stepSplit({ candidate: b, stable: a, percent }))).to.equal(true);
      }),
    );
  });

  it("never lowers the candidate's share from one step to a greater one", () => {
    fc.assert(
      fc.property(fc.tuple(fc.integer(), fc.integer()), ([one, other]) => {
        const shareAt = (percent: number): number =>
          percentOf(stepSplit({ candidate: b, stable: a, percent }), b);
        expect(shareAt(Math.min(one, other))).to.be.at.most(shareAt(Math.max(one, other)));
      }),
    );
  });

  it("gives a first release all traffic, for there is nothing else to serve", () => {
    expect(stepSplit({ candidate: b, stable: null, percent: 5 })).to.deep.equal([
      { revision: b, percent: 100 },
    ]);
  });

  it("compares splits whatever their order", () => {
    fc.assert(
      fc.property(splits, (split) => {
        expect(isSameSplit(split, [...split].reverse())).to.equal(true);
      }),
    );
    expect(
      isSameSplit(
        stepSplit({ candidate: b, stable: a, percent: 5 }),
        stepSplit({ candidate: b, stable: a, percent: 6 }),
      ),
    ).to.equal(false);
    expect(isSameSplit([{ revision: a, percent: 100 }], [])).to.equal(false);
  });

  it("writes lists that sum to 100, keep the split, and name each tag once", () => {
    fc.assert(
      fc.property(splits, tags, (split, wanted) => {
        const list = trafficList({ split, tags: wanted });
        const names = tagsOf(list).map(({ tag }) => tag);
        expect(sum(list)).to.equal(100);
        expect(isSameSplit(splitOf({ shares: list, latest: null }), split)).to.equal(true);
        expect(new Set(names).size).to.equal(names.length);
        expect(new Set(names)).to.deep.equal(new Set(wanted.map(({ tag }) => tag)));
      }),
    );
  });

  it("takes a tag away without touching a share", () => {
    fc.assert(
      fc.property(splits, tags, (split, wanted) => {
        const list = withoutTag(trafficList({ split, tags: wanted }), "g-1");
        expect(sum(list)).to.equal(100);
        expect(tagsOf(list).some(({ tag }) => tag === "g-1")).to.equal(false);
      }),
    );
    expect(withoutTag([{ revision: null, percent: 100, tag: "g-1" }], "g-1")).to.deep.equal([
      { revision: null, percent: 100, tag: null },
    ]);
  });

  it("says a split in words", () => {
    expect(describeSplit(stepSplit({ candidate: b, stable: a, percent: 5 }))).to.equal(
      "95 % api-a, 5 % api-b",
    );
    expect(describeSplit([])).to.equal("no traffic to any revision");
  });
});
