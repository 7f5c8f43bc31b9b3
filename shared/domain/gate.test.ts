import { expect } from "chai";
import type { CheckResult, Verdict } from "./events.ts";
import {
  type Answer,
  beginStreak,
  continueStreak,
  formatMs,
  gateVerdict,
  judgeAnswer,
  judgeSignOfLife,
  streakVerdict,
} from "./gate.ts";
import { firstJsonDifference } from "./json-difference.ts";
import type { HttpCheck } from "./release-config.ts";

const check = (more: Partial<HttpCheck> = {}): HttpCheck => ({
  name: "health",
  method: "GET",
  path: "/health",
  headers: {},
  body: null,
  status: 200,
  json: null,
  answerHeaders: {},
  withinMs: 10_000,
  repeat: 1,
  ...more,
});

const answer = (more: Partial<Extract<Answer, { kind: "answer" }>> = {}): Answer => ({
  kind: "answer",
  status: 200,
  headers: {},
  body: "",
  truncated: false,
  durationMs: 12,
  ...more,
});

const json = (value: unknown): Answer => answer({ body: JSON.stringify(value) });

describe("judgeAnswer()", () => {
  const table: readonly [string, Partial<HttpCheck>, Answer, Verdict, string, string][] = [
    ["passes the right status in time", {}, answer(), "pass", "200 in 12 ms", "200 within 10 s"],
    ["fails another status", {}, answer({ status: 500 }), "fail", "500 in 12 ms", "200 within 10 s"],
    [
      "passes a refusal that is asked for",
      { status: 422 },
      answer({ status: 422 }),
      "pass",
      "422 in 12 ms",
      "422 within 10 s",
    ],
    [
      "fails an answer that took too long",
      { withinMs: 500 },
      answer({ durationMs: 1_500 }),
      "fail",
      "200 in 1.5 s",
      "200 within 500 ms",
    ],
    [
      "fails what never answers",
      {},
      { kind: "timeout", phase: "headers", durationMs: 10_000 },
      "fail",
      "no answer in 10 s",
      "200 within 10 s",
    ],
    [
      "fails a body without end",
      {},
      { kind: "timeout", phase: "body", durationMs: 10_000 },
      "fail",
      "body unfinished after 10 s",
      "200 within 10 s",
    ],
    [
      "fails a broken connection",
      {},
      { kind: "error", message: "connection reset", durationMs: 3 },
      "fail",
      "connection reset after 3 ms",
      "200 within 10 s",
    ],
    [
      "fails a redirect, which is an answer like any other",
      {},
      answer({ status: 302, headers: { location: "/" } }),
      "fail",
      "302 in 12 ms",
      "200 within 10 s",
    ],
    [
      "fails a missing header",
      { answerHeaders: { "x-a": "1" } },
      answer(),
      "fail",
      "200 in 12 ms, header x-a absent",
      '200 within 10 s, header x-a "1"',
    ],
    [
      "fails another header value",
      { answerHeaders: { "x-a": "1" } },
      answer({ headers: { "x-a": "2" } }),
      "fail",
      '200 in 12 ms, header x-a "2"',
      '200 within 10 s, header x-a "1"',
    ],
    [
      "passes headers and JSON that are more than asked for",
      { answerHeaders: { "x-a": "1" }, json: { a: [1] } },
      answer({ headers: { "x-a": "1", b: "2" }, body: '{"a":[1],"b":2}' }),
      "pass",
      "200 in 12 ms",
      "200 within 10 s",
    ],
    [
      "names the first difference in the JSON",
      { json: { model: { name: "base", size: 3 } } },
      json({ model: { name: "fast", size: 4 } }),
      "fail",
      '200 in 12 ms, $.model.name is "fast"',
      '200 within 10 s, $.model.name "base"',
    ],
    [
      "fails what is not JSON",
      { json: {} },
      answer({ body: "<html>" }),
      "fail",
      "200 in 12 ms, body is not JSON",
      "200 within 10 s, JSON",
    ],
    [
      "fails JSON that was cut",
      { json: {} },
      answer({ body: "{}", truncated: true }),
      "fail",
      "200 in 12 ms, body too large to read",
      "200 within 10 s, JSON",
    ],
    [
      "takes a cut body where nothing is asked of it",
      {},
      answer({ truncated: true }),
      "pass",
      "200 in 12 ms",
      "200 within 10 s",
    ],
  ];
  for (const [name, asked, given, verdict, measured, limit] of table) {
    it(name, () => {
      const result = judgeAnswer({ check: check(asked), answer: given });
      expect(result).to.deep.equal({ name: "health", verdict, measured, limit });
    });
  }

  it("keeps what it tells short, whatever a service sends", () => {
    const long = "x".repeat(100_000);
    const header = judgeAnswer({
      check: check({ answerHeaders: { a: "b" } }),
      answer: answer({ headers: { a: long } }),
    });
    const body = judgeAnswer({ check: check({ json: { a: 1 } }), answer: json({ a: long }) });
    expect(Math.max(header.measured.length, body.measured.length)).to.be.below(200);
  });
});

describe("firstJsonDifference()", () => {
  const table: readonly [unknown, Parameters<typeof firstJsonDifference>[0]["wanted"], string | null][] = [
    [{ a: 1, b: 2 }, { a: 1 }, null],
    [{ a: null }, { a: null }, null],
    [{}, { a: null }, "$.a"],
    [[1, 2], [1, 2], null],
    [[1, 2], [1], "$"],
    [{ a: [{ b: 1 }, { b: 2 }] }, { a: [{}, { b: 3 }] }, "$.a[1].b"],
    [{ a: [] }, { a: {} }, "$.a"],
    [{ a: {} }, { a: [] }, "$.a"],
    ["1", 1, "$"],
    [{ "a b": 1 }, { "a b": 2 }, '$["a b"]'],
    [{}, { constructor: {} }, "$.constructor"],
    [null, {}, "$"],
  ];
  for (const [found, wanted, path] of table) {
    it(`${JSON.stringify(found)} against ${JSON.stringify(wanted)} differs at ${path ?? "nothing"}`, () => {
      expect(firstJsonDifference({ found, wanted })?.path ?? null).to.equal(path);
    });
  }

  it("tells of a body that is nested too deep to be written out", () => {
    const found: unknown = JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`);
    expect(firstJsonDifference({ found, wanted: 1 })?.found).to.equal("nested too deep");
  });
});

describe("the streak of a check", () => {
  const play = (asked: HttpCheck, outcomes: string): string => {
    let streak = beginStreak(asked);
    for (const [index, outcome] of [...outcomes].entries()) {
      streak = continueStreak(streak, outcome === "+");
      const verdict = streakVerdict(streak);
      if (verdict !== null) return `${verdict} after ${index + 1}`;
    }
    return "open";
  };

  const table: readonly [string, Partial<HttpCheck>, string, string][] = [
    ["asks what is safe three times", {}, "+++", "pass after 3"],
    ["asks what changes something as often as is said", { method: "POST" }, "+", "pass after 1"],
    ["asks as often as is said", { repeat: 5 }, "++++++", "pass after 5"],
    ["forgives one failure for twice as long a row", {}, "-++++++", "pass after 7"],
    ["fails at the second failure", {}, "--", "fail after 2"],
    ["fails an endpoint that flaps from good to bad", {}, "+-+-+-", "fail after 4"],
    ["fails an endpoint that flaps from bad to good", {}, "-+-+-+", "fail after 3"],
    ["fails a flapping POST with a repeat", { method: "POST", repeat: 2 }, "+-+-", "fail after 4"],
    ["is not done before the row is", {}, "-+++", "open"],
  ];
  for (const [name, asked, outcomes, expected] of table) {
    it(name, () => expect(play(check(asked), outcomes)).to.equal(expected));
  }
});

describe("judgeSignOfLife()", () => {
  const judge = (given: Answer): Verdict =>
    judgeSignOfLife({ name: "life", answer: given, withinMs: 10_000 }).verdict;
  it("passes any answer below 500 in time", () => {
    expect([200, 302, 404].map((status) => judge(answer({ status })))).to.deep.equal([
      "pass",
      "pass",
      "pass",
    ]);
  });
  it("fails 500, lateness and silence", () => {
    const bad = [
      answer({ status: 500 }),
      answer({ durationMs: 10_001 }),
      { kind: "timeout", phase: "headers", durationMs: 1 } as const,
    ];
    expect(bad.map(judge)).to.deep.equal(["fail", "fail", "fail"]);
  });
});

describe("gateVerdict()", () => {
  const of = (...verdicts: Verdict[]): Verdict =>
    gateVerdict(verdicts.map((verdict): CheckResult => ({ name: "", verdict, measured: "", limit: "" })));
  it("takes fail before inconclusive before pass, and nothing for no evidence", () => {
    expect(of("pass", "pass")).to.equal("pass");
    expect(of("pass", "inconclusive")).to.equal("inconclusive");
    expect(of("inconclusive", "fail", "pass")).to.equal("fail");
    expect(of()).to.equal("inconclusive");
  });
});

describe("formatMs()", () => {
  it("tells times as a person reads them", () => {
    expect([0.4, 999, 1_000, 1_550, 60_000, 600_000].map(formatMs)).to.deep.equal([
      "0 ms",
      "999 ms",
      "1 s",
      "1.6 s",
      "60 s",
      "10 min",
    ]);
  });
});
