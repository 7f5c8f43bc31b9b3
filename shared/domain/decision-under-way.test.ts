import { expect } from "chai";
import { monday, person, releaseId } from "../../test/support/fixtures.ts";
import { decisionUnderWay } from "./decision-under-way.ts";
import type { EventMap, EventType, ServiceEvent } from "./events.ts";

function happened<T extends EventType>(type: T, what: EventMap[T]): Extract<ServiceEvent, { type: T }>;
function happened(type: EventType, what: object): object {
  return { type, at: monday, releaseId: releaseId(), ...what };
}

const given = happened("approval-given", { by: person });
const promoted = happened("rollout-promoted", { by: person });
const began = happened("step-began", { step: 0, percent: 20 });
const moved = happened("traffic-moved", { step: 0, percent: 20 });
const paused = happened("rollout-paused", { by: person });
const refused = happened("decision-refused", { by: person, wanted: "approve", code: "no-approval-awaited" });

type Row = Readonly<{ it: string; events: readonly ServiceEvent[]; after?: number; words: string | null }>;

const rows: readonly Row[] = [
  { it: "is nothing where nothing happened", events: [], words: null },
  {
    it: "is an approval whose first step began",
    events: [given, began],
    words: "Moving to 20 % of traffic, approved",
  },
  {
    it: "is a promotion whose step began",
    events: [given, began, moved, promoted, happened("step-began", { step: 1, percent: 100 })],
    words: "Moving to 100 % of traffic, promoted",
  },
  { it: "is no approval that asks for another one", events: [given], words: null },
  { it: "is nothing more once the traffic moved", events: [given, began, moved], words: null },
  { it: "is nothing more once somebody paused it", events: [given, began, paused], words: null },
  { it: "is no step that nobody decided", events: [moved, began], words: null },
  {
    it: "is the same though somebody was refused meanwhile",
    events: [given, began, refused],
    words: "Moving to 20 % of traffic, approved",
  },
  {
    it: "takes 59 seconds",
    events: [given, began],
    after: 59_999,
    words: "Moving to 20 % of traffic, approved",
  },
  { it: "is waited for no longer than a minute", events: [given, began], after: 60_000, words: null },
];

describe("a decision under way", () => {
  for (const { it: name, events, after = 0, words } of rows)
    it(name, () => {
      const underWay = decisionUnderWay(events, monday + after);
      const wanted =
        words === null ? null : { decision: { words, by: person, at: monday }, until: monday + 60_000 };
      expect(underWay).to.deep.equal(wanted);
    });
});
