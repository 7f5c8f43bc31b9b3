import { expect } from "chai";
import type { Answer } from "./gate.ts";
import { gpuUnmeasured, judgeGpu, toldDevice } from "./gate-gpu.ts";
import { judgeMemory, memoryUnseen } from "./gate-memory.ts";
import { judgeStartupLog, startupLogUnread } from "./gate-startup-log.ts";

const minute = 60_000;

describe("judgeMemory()", () => {
  const point = (from: number, value: number) => ({ from, to: from + minute, value });
  for (const [name, points, expected] of [
    ["waits while there is no sample", [], null],
    ["waits for a sample from after the checks", [point(0, 0.5)], null],
    ["fails at the limit", [point(0, 0.8)], "fail 80 % at the most"],
    ["passes below it", [point(0, 0.5), point(minute, 0.799)], "pass 79.9 % at the most"],
    ["counts the highest of all samples", [point(0, 0.91), point(minute, 0.2)], "fail 91 % at the most"],
  ] as const) {
    it(name, () => {
      const evidence = { points, checkedAt: minute, sampleMs: minute };
      const result = judgeMemory({ below: 0.8, evidence });
      const blind = ", sampled every 60 s: a shorter peak is not seen";
      expect(result && `${result.verdict} ${result.measured}`).to.equal(expected && `${expected}${blind}`);
    });
  }

  it("says what was seen before when nothing was seen after the checks", () => {
    const evidence = { points: [point(0, 0.41)], checkedAt: minute, sampleMs: minute };
    expect(memoryUnseen({ below: 0.8, evidence, why: "time over" })).to.deep.equal({
      name: "memory",
      verdict: "inconclusive",
      measured: "no sample after the checks: time over, 41 % at the most before",
      limit: "below 80 %",
    });
  });
});

describe("judgeGpu()", () => {
  const asked = { type: "nvidia-l4", count: 1 };
  const gpu = { kind: "gpu", told: "device: cuda" } as const;
  const cpu = { kind: "cpu", told: "device: cpu" } as const;
  for (const [name, evidence, verdict] of [
    ["no GPU asked for", { asked: null, measured: true, device: gpu }, "fail"],
    ["asked, measured, told", { asked, measured: true, device: gpu }, "pass"],
    ["asked, measured, not told", { asked, measured: true, device: null }, "pass"],
    ["asked, measured, denied", { asked, measured: true, device: cpu }, "fail"],
    ["asked, not measured, denied", { asked, measured: false, device: cpu }, "fail"],
    ["asked, not measured, told", { asked, measured: false, device: gpu }, undefined],
    ["asked, not measured, not told", { asked, measured: false, device: null }, undefined],
  ] as const) {
    it(`${name}: ${verdict ?? "waits"}`, () => {
      expect(judgeGpu(evidence)?.verdict).to.equal(verdict);
    });
  }

  it("keeps what is known already when the time is over", () => {
    expect(gpuUnmeasured({ evidence: { asked, measured: false, device: cpu }, why: "" }).verdict).to.equal(
      "fail",
    );
    const told = gpuUnmeasured({ evidence: { asked, measured: false, device: gpu }, why: "time over" });
    expect([told.verdict, told.warning]).to.deep.equal(["pass", "no GPU metric was seen: time over"]);
    const untold = gpuUnmeasured({ evidence: { asked, measured: false, device: null }, why: "time over" });
    expect(untold.verdict).to.equal("inconclusive");
  });
});

describe("toldDevice()", () => {
  const answer = (body: string, truncated = false): Answer => ({
    kind: "answer",
    status: 200,
    headers: {},
    body,
    truncated,
    durationMs: 1,
  });
  for (const [body, expected] of [
    ['{"device":"cuda:0"}', "gpu device: cuda:0"],
    ['{"device":"nvidia-l4"}', "gpu device: nvidia-l4"],
    ['{"device":"cpu"}', "cpu device: cpu"],
    ['{"Device":"CPU (no CUDA)"}', "cpu Device: CPU (no CUDA)"],
    ['{"cuda_available":false,"device":"cuda"}', "cpu cuda_available: false"],
    ['{"gpu":true}', "gpu gpu: true"],
    ['{"gpu":"yes"}', null],
    ['{"device":"mps"}', null],
    ['{"model":{"device":"cpu"}}', null],
    ["[]", null],
    ["null", null],
    ["cpu", null],
  ] as const) {
    it(`reads ${body} as ${expected ?? "nothing"}`, () => {
      const told = toldDevice(answer(body));
      expect(told && `${told.kind} ${told.told}`).to.equal(expected);
    });
  }

  it("reads nothing of an answer that did not come, or not whole", () => {
    expect(toldDevice({ kind: "timeout", phase: "body", durationMs: 1 })).to.equal(null);
    expect(toldDevice(answer('{"device":"cpu"}', true))).to.equal(null);
  });
});

describe("judgeStartupLog()", () => {
  const error = (text: string) => ({ severity: "ERROR", text });
  for (const [name, log, expected] of [
    ["waits as long as no line can be read", { errors: [], hasLines: false }, undefined],
    ["passes lines without an error", { errors: [], hasLines: true }, "pass no error"],
    ["tells one error", { errors: [error("no CUDA")], hasLines: true }, "fail ERROR: no CUDA"],
    [
      "tells the first line of the first error and counts the others",
      { errors: [error("\n Traceback\n x"), error("b"), error("c")], hasLines: true },
      "fail ERROR: Traceback, and 2 more",
    ],
    [
      "hides what looks like a secret",
      { errors: [error("no access with password=hunter2")], hasLines: true },
      "fail ERROR: no access with password=[hidden]",
    ],
    ["tells an error without words", { errors: [error("")], hasLines: true }, "fail ERROR: "],
  ] as const) {
    it(name, () => {
      const result = judgeStartupLog(log);
      expect(result === null ? undefined : `${result.verdict} ${result.measured}`).to.equal(expected);
    });
  }

  it("cuts a long one", () => {
    const long = { errors: [error("x".repeat(5_000))], hasLines: true };
    expect(judgeStartupLog(long)?.measured.length).to.be.within(100, 300);
  });

  it("knows nothing of a log that cannot be read", () => {
    expect(startupLogUnread("denied").verdict).to.equal("inconclusive");
  });
});
