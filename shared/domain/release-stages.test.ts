import { expect } from "chai";
import {
  began,
  candidate,
  monday,
  releaseBasics,
  releaseId,
  requested,
  revisionName,
  serviceKey,
} from "../../test/support/fixtures.ts";
import type { ServiceEvent } from "./events.ts";
import { latestStages, stagesOf } from "./release-stages.ts";

const id = releaseId();
const at = (seconds: number) => ({ at: monday + seconds * 1000, releaseId: id });
const live: readonly ServiceEvent[] = [
  requested(),
  { ...began(), ...at(2) },
  { type: "build-succeeded", ...at(60), buildId: "b" as never, image: candidate().image },
  { type: "candidate-deployed", ...at(80), candidate: candidate(), stable: revisionName() },
  { type: "watch-went-on", ...at(85), slice: 0, checks: [] },
  { type: "release-live", ...at(90), revision: candidate().revision },
];
const back: readonly ServiceEvent[] = [
  {
    type: "rollback-began",
    ...at(200),
    failure: { code: "rolled-back-by-person", message: "bad" },
    by: { kind: "person", name: "ada" },
    candidate: candidate(),
    target: revisionName(),
    release: releaseBasics(),
  },
  {
    type: "release-rolled-back",
    ...at(201),
    failure: { code: "rolled-back-by-person", message: "bad" },
  },
];
const short = (events: readonly ServiceEvent[]) =>
  stagesOf(serviceKey(), events).map(({ status, from, to }) => [
    status,
    (from - monday) / 1000,
    to === null ? null : (to - monday) / 1000,
  ]);

describe("the stages of a release", () => {
  it("are its statuses with when each began and ended", () => {
    expect(short(live)).to.deep.equal([
      ["queued", 0, 2],
      ["building", 2, 60],
      ["deploying", 60, 80],
      ["verifying", 80, 90],
      ["live", 90, null],
    ]);
    expect(short([...live, ...back]).slice(4)).to.deep.equal([
      ["live", 90, 200],
      ["rolling-back", 200, 201],
      ["rolled-back", 201, null],
    ]);
  });

  it("are none where nobody knows how it began", () => {
    expect(short([])).to.deep.equal([]);
    expect(short(live.slice(1))).to.deep.equal([]);
  });

  it("are, the latest ones, those since the release ended before", () => {
    const latest = (events: readonly ServiceEvent[]) =>
      latestStages(stagesOf(serviceKey(), events)).map(({ status }) => status);
    expect(latest(live)).to.deep.equal(["queued", "building", "deploying", "verifying", "live"]);
    expect(latest([...live, ...back])).to.deep.equal(["rolling-back", "rolled-back"]);
    expect(latest([...live, ...back.slice(0, 1)])).to.deep.equal(["rolling-back"]);
    expect(latest([])).to.deep.equal([]);
  });
});
