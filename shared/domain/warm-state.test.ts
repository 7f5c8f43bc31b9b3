import { expect } from "chai";
import { monday, releaseId } from "../../test/support/fixtures.ts";
import { serviceSettings } from "../../test/support/settings.ts";
import { type Warmth, warmthOf, withoutWarmth } from "./warm-state.ts";

const change = { slot: "s", from: 0, to: 1, raise: true, until: monday } as const;
const raised = { ...change, at: monday, releaseId: releaseId() } as const;
const lowering = { ...raised, from: 1, to: 0, raise: false } as const;

describe("withoutWarmth()", () => {
  const table: readonly (readonly [string, Partial<Warmth>, number | null, number | null])[] = [
    ["takes away what Gantry raised", { raised }, 1, null],
    ["takes away what is just being raised", { due: raised }, 1, null],
    ["knows what there was before the first raise", { raised, due: { ...raised, from: 1, to: 3 } }, 3, null],
    ["keeps what there was before", { raised: { ...raised, from: 1, to: 2 } }, 2, 1],
    ["keeps what a person made of it", { raised }, 4, 4],
    ["keeps what is being lowered until it is", { raised, due: lowering }, 1, null],
    ["keeps a minimum that Gantry has nothing to do with", {}, 1, 1],
    ["keeps that there is none", { raised }, null, null],
  ];
  for (const [title, warmth, found, min] of table) {
    it(title, () => {
      const settings = serviceSettings({}, { instances: { min: found, max: 9 } });
      const state = { warmth: { ...warmthOf({}), ...warmth } };
      expect(withoutWarmth(settings, state).service.instances).to.deep.equal({ min, max: 9 });
    });
  }
});
