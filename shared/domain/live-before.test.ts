import { expect } from "chai";
import { candidate, monday, releaseBasics, releaseId, revisionName } from "../../test/support/fixtures.ts";
import { liveBefore } from "./live-before.ts";
import type { LiveRelease } from "./service-state.ts";

function wentLive(n: number): LiveRelease {
  const basics = releaseBasics({ id: releaseId(`release-${n}`) });
  return { ...basics, candidate: candidate(), stable: revisionName(), since: monday + n };
}

const [one, two, three] = [wentLive(1), wentLive(2), wentLive(3)];
const all = { past: [one, two], live: three };

const told: readonly (readonly [
  name: string,
  state: Parameters<typeof liveBefore>[0],
  release: Parameters<typeof liveBefore>[1],
  before: LiveRelease | null,
])[] = [
  ["what is live now, for one that runs", all, { id: releaseId("release-new"), endedAt: null }, three],
  ["what it replaced, for the live one", all, { id: three.id, endedAt: monday }, two],
  ["what it replaced, for one that was live", all, { id: two.id, endedAt: monday }, one],
  ["nothing, for the first", all, { id: one.id, endedAt: monday }, null],
  [
    "what was live at its end, for one that ended otherwise",
    all,
    { id: releaseId("release-bad"), endedAt: monday + 2 },
    two,
  ],
  [
    "nothing, for one that ended before any was live",
    all,
    { id: releaseId("release-bad"), endedAt: monday },
    null,
  ],
  [
    "what it replaced, for one that is live again",
    { past: [one, two], live: two },
    { id: two.id, endedAt: null },
    one,
  ],
  [
    "what was live last, where none is",
    { past: [one], live: null },
    { id: releaseId("release-new"), endedAt: null },
    one,
  ],
];

describe("liveBefore()", () => {
  for (const [name, state, release, before] of told)
    it(`is ${name}`, () => {
      expect(liveBefore(state, release)?.id ?? null).to.equal(before?.id ?? null);
    });
});
