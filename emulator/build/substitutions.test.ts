import { expect } from "chai";
import { parseBuildFilter } from "./build-filter.ts";
import { restBuild } from "./build-message.ts";
import { acceptedBuild, type BuildRequest } from "./build-request.ts";
import type { Build } from "./build-resource.ts";
import { parametersOf, substitute } from "./substitutions.ts";

const place = { id: "b1", projectId: "p", location: "global", projectNumber: "42", logUrl: "http://log" };
const accept = (request: BuildRequest): Build =>
  acceptedBuild({ steps: [{ name: "bash" }], ...request }, place);

describe("substitutions", () => {
  const rows: [string, string[], string][] = [
    [`$_A-\${_B}`, ["_A", "_B"], "1-2"],
    ["$$_A", [], "$_A"],
    ["$$$_A", ["_A"], "$1"],
    [`\${_A:-x}`, [], `\${_A:-x}`],
    [`$a \${b} $1`, [], `$a \${b} $1`],
    ["$_NONE.", ["_NONE"], "."],
    ["$_A_B", ["_A_B"], ""],
  ];
  for (const [text, keys, filled] of rows)
    it(`in ${text} are ${JSON.stringify(keys)} and give "${filled}"`, () => {
      expect([...parametersOf(text)]).to.deep.equal(keys);
      expect(substitute(text, { _A: "1", _B: "2" })).to.equal(filled);
    });

  it("reach steps, images and tags, and never a script", () => {
    const build = accept({
      steps: [
        { name: "$_N", args: ["$PROJECT_ID"], env: ["A=$BUILD_ID"], dir: "$_N" },
        { name: "bash", entrypoint: "$_N" },
        { name: "bash", script: "echo $_N" },
      ],
      images: ["h.dev/$PROJECT_NUMBER/a:$SHORT_SHA"],
      tags: ["t-$_N"],
      substitutions: { _N: "bash", SHORT_SHA: "abc" },
    });
    expect(build.steps[0]).to.deep.include({
      name: "bash",
      args: ["p"],
      env: ["A=b1"],
      dir: "bash",
    });
    expect(build.steps[1]).to.include({ entrypoint: "bash" });
    expect(build.steps[2]).to.include({ script: "echo $_N" });
    expect([build.images, build.tags]).to.deep.equal([["h.dev/42/a:abc"], ["t-bash"]]);
  });

  const refused: [string, BuildRequest, RegExp][] = [
    [
      "a key of another form",
      { substitutions: { lower: "x" } },
      /substitution key "lower" does not respect format/,
    ],
    ["a built-in that is fixed", { substitutions: { PROJECT_ID: "x" } }, /not an overridable built-in/],
    [
      "a built-in that nothing uses",
      { substitutions: { SHORT_SHA: "x" } },
      /key "SHORT_SHA" in the substitution data is not matched/,
    ],
    ["a long value", { substitutions: { _A: "x".repeat(4001) } }, /too long \(max: 4000\)/],
    [
      "too many steps",
      { steps: Array(101).fill({ name: "bash" }) },
      /cannot specify more than 100 build steps/,
    ],
    ["too many tags", { tags: Array(65).fill("t") }, /exceeded \(max: 64\)/],
    ["a step without a name", { steps: [{}] }, /build step 0 must specify name/],
    ["a name that is no image", { steps: [{ name: "A B" }] }, /invalid build step name "A B"/],
    [
      "two steps of one id",
      {
        steps: [
          { name: "a", id: "x" },
          { name: "a", id: "x" },
        ],
      },
      /the ID is not unique/,
    ],
    ["an env entry without =", { steps: [{ name: "a", env: ["X"] }] }, /must be of the form "KEY=VALUE"/],
    [
      "a step longer than its build",
      { timeout: { seconds: "10" }, steps: [{ name: "a", timeout: { seconds: "11" } }] },
      /must be <= build timeout/,
    ],
    [
      "script and args at once",
      { steps: [{ name: "a", script: "x", args: ["y"] }] },
      /cannot specify both script and args/,
    ],
  ];
  for (const [what, request, text] of refused)
    it(`refuses ${what}`, () => {
      expect(() => accept(request)).to.throw(text);
    });

  it("need not match under ALLOW_LOOSE, but unknown built-ins never pass", () => {
    const options = { substitutionOption: "ALLOW_LOOSE" };
    expect(accept({ options, substitutions: { _X: "1" }, tags: ["a$_Y"] }).tags).to.deep.equal(["a"]);
    expect(() => accept({ options, steps: [{ name: "a", args: ["$HOME"] }] })).to.throw(
      /"HOME" is not a valid built-in/,
    );
  });
});

describe("a filter of builds", () => {
  const build = accept({
    tags: ["x", "y"],
    substitutions: { _A: "1" },
    steps: [{ name: "bash", args: ["$_A"] }],
  });
  const rows: [string, boolean | null][] = [
    ["", true],
    ['tags="x"', true],
    ["tags = x", true],
    ['tags:"x" tags="y"', true],
    ['tags="z" OR status="QUEUED"', true],
    ['(tags="z" OR tags="x") AND -status="WORKING"', true],
    ['NOT tags="x"', false],
    ['substitutions._A="1"', true],
    ['id="b1" AND status!="SUCCESS"', true],
    ['create_time>="2020-01-01T00:00:00Z"', true],
    ['create_time<"2020-01-01T00:00:00Z"', false],
    ['nonsense="x"', null],
    ["tags=", null],
    ['(tags="x"', null],
  ];
  for (const [filter, expected] of rows)
    it(`${filter === "" ? "that is empty" : filter} ${expected === null ? "does not parse" : `is ${expected}`}`, () => {
      const test = parseBuildFilter(filter);
      expect(test === null ? null : test(build)).to.equal(expected);
    });
});

describe("a build as JSON", () => {
  it("has durations, times, names of enums and bytes as the REST API writes them, and nothing empty", () => {
    const build: Build = {
      ...accept({
        timeout: { seconds: "1800" },
        steps: [{ name: "a", timeout: { seconds: "1", nanos: 500_000_000 } }],
      }),
      createTime: { seconds: "1767225600", nanos: 120_000_000 },
      startTime: { seconds: "1767225600", nanos: 0 },
      results: { images: [], buildStepOutputs: [Buffer.from("out")] },
    };
    expect(restBuild(build)).to.deep.include({
      status: "QUEUED",
      timeout: "1800s",
      queueTtl: "3600s",
      createTime: "2026-01-01T00:00:00.12Z",
      startTime: "2026-01-01T00:00:00Z",
      steps: [{ name: "a", timeout: "1.5s" }],
      results: { buildStepOutputs: ["b3V0"] },
    });
    expect(restBuild(build)).to.not.have.any.keys("images", "substitutions", "finishTime");
  });
});
