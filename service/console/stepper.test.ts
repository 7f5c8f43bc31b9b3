import { expect } from "chai";
import type { ServiceEvent } from "../../shared/domain/events.ts";
import { parseBuildId } from "../../shared/domain/ids.ts";
import type { ReleaseRecord } from "../../shared/domain/release-record.ts";
import {
  candidate,
  image,
  monday,
  person,
  plan,
  releaseBasics,
  releaseId,
  releaseRecord,
  revisionName,
} from "../../test/support/fixtures.ts";
import { stepsOf } from "./stepper.ts";

const at = { at: monday, releaseId: releaseId() };
const stable = revisionName("background-removal-00001");
const buildId = parseBuildId("b-1");
if (buildId === null) throw new Error("a fixture");

const built: readonly ServiceEvent[] = [{ type: "build-succeeded", ...at, buildId, image: image() }];
const deployed: readonly ServiceEvent[] = [
  ...built,
  { type: "candidate-deployed", ...at, candidate: candidate(), stable },
];
const verified: readonly ServiceEvent[] = [...deployed, { type: "gate-passed", ...at, checks: [] }];
const step = (index: number, percent: number): ServiceEvent => ({
  type: "step-began",
  ...at,
  step: index,
  percent,
});
const baked: readonly ServiceEvent[] = [
  ...verified,
  step(0, 10),
  step(1, 100),
  { type: "bake-began", ...at },
];
const alive: readonly ServiceEvent[] = [
  ...baked,
  { type: "release-live", ...at, revision: candidate().revision },
];

function draw(changes: Partial<ReleaseRecord>, events: readonly ServiceEvent[]): string {
  return stepsOf(releaseRecord(changes), events)
    .map(({ label, state }) => `${label}:${state}`)
    .join(" ");
}

describe("stepsOf()", () => {
  const approval = { ...plan().approval, required: true };
  const table: readonly [string, Partial<ReleaseRecord>, readonly ServiceEvent[], string][] = [
    [
      "waits",
      { status: "queued" },
      [],
      "tag:now build:todo deploy 0 %:todo verify:todo 10 %:todo 100 %:todo bake:todo live:todo",
    ],
    [
      "is built",
      { status: "building" },
      [],
      "tag:done build:now deploy 0 %:todo verify:todo 10 %:todo 100 %:todo bake:todo live:todo",
    ],
    [
      "fails in the gate",
      { status: "failed" },
      deployed,
      "tag:done build:done deploy 0 %:done verify:failed 10 %:todo 100 %:todo bake:todo live:todo",
    ],
    [
      "is cancelled",
      { status: "cancelled" },
      built,
      "tag:done build:done deploy 0 %:stopped verify:todo 10 %:todo 100 %:todo bake:todo live:todo",
    ],
    [
      "waits for approval",
      { status: "awaiting-approval", plan: plan({ approval }) },
      verified,
      "tag:done build:done deploy 0 %:done verify:done approve:now 10 %:todo 100 %:todo bake:todo live:todo",
    ],
    [
      "holds its first step",
      { status: "rolling-out" },
      [...verified, step(0, 10)],
      "tag:done build:done deploy 0 %:done verify:done 10 %:now 100 %:todo bake:todo live:todo",
    ],
    [
      "is the first of its service",
      { status: "rolling-out" },
      [...verified, step(1, 100)],
      "tag:done build:done deploy 0 %:done verify:done 10 %:skipped 100 %:now bake:todo live:todo",
    ],
    [
      "bakes",
      { status: "baking" },
      baked,
      "tag:done build:done deploy 0 %:done verify:done 10 %:done 100 %:done bake:now live:todo",
    ],
    [
      "is live",
      { status: "live" },
      alive,
      "tag:done build:done deploy 0 %:done verify:done 10 %:done 100 %:done bake:done live:done",
    ],
    [
      "goes back",
      { status: "rolling-back" },
      [...verified, step(0, 10)],
      "tag:done build:done deploy 0 %:done verify:done 10 %:failed 100 %:todo bake:todo live:todo back to stable:now",
    ],
    [
      "was taken back after it was live",
      { status: "rolled-back" },
      alive,
      "tag:done build:done deploy 0 %:done verify:done 10 %:done 100 %:done bake:done live:done back to stable:done",
    ],
  ];
  for (const [what, changes, events, expected] of table) {
    it(`draws a release that ${what}`, () => {
      expect(draw({ ...releaseBasics(), requestedBy: person, ...changes }, events)).to.equal(expected);
    });
  }
});
