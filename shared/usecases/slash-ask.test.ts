import { expect } from "chai";
import fc from "fast-check";
import { readSlashAsk, slashUsage } from "./slash-ask.ts";

const hourMs = 3_600_000;
const key = "perkie/us-central1/bg-removal";
const on = { verb: "freeze-on", services: "bg-removal", end: null };
const off = { verb: "freeze-off", what: "bg-removal", reason: "" };

const cases: readonly (readonly [string, object])[] = [
  ["", { verb: "status", service: null }],
  ["  help ", { verb: "help", problem: null, usage: null }],
  ["status", { verb: "status", service: null }],
  [`Status ${key}`, { verb: "status", service: key }],
  [
    "deploy v1.8.0 image us-docker.pkg.dev/p/r/api:v1",
    { verb: "deploy", tag: "v1.8.0", repository: null, image: "us-docker.pkg.dev/p/r/api:v1" },
  ],
  [
    "deploy --image us-docker.pkg.dev/p/r/api:v1",
    { verb: "deploy", tag: null, repository: null, image: "us-docker.pkg.dev/p/r/api:v1" },
  ],
  ["deploy  v1.8.0", { verb: "deploy", tag: "v1.8.0", repository: null, image: null }],
  [
    "deploy v1.8.0 perkie/background-removal",
    { verb: "deploy", tag: "v1.8.0", repository: "perkie/background-removal", image: null },
  ],
  ["rollback bg-removal", { verb: "rollback", service: "bg-removal", reason: "" }],
  ["rollback bg-removal  p95 is *bad*", { verb: "rollback", service: "bg-removal", reason: "p95 is *bad*" }],
  ["freeze", { verb: "freeze-list", all: false }],
  ["freeze list", { verb: "freeze-list", all: false }],
  ["freeze LIST --all", { verb: "freeze-list", all: true }],
  ["freeze on bg-removal the launch", { ...on, reason: "the launch" }],
  [`freeze on ${key} the launch`, { ...on, services: key, reason: "the launch" }],
  ["freeze on perkie/*/* the launch", { ...on, services: "perkie/*/*", reason: "the launch" }],
  ["freeze on all the launch", { ...on, services: "**", reason: "the launch" }],
  ["freeze on --all --reason the launch", { ...on, services: "**", reason: "the launch" }],
  ['freeze on --all --reason "the launch"', { ...on, services: "**", reason: "the launch" }],
  ["freeze on all “the launch”", { ...on, services: "**", reason: "the launch" }],
  ["freeze on bg-removal for 4h launch", { ...on, end: { forMs: 4 * hourMs }, reason: "launch" }],
  ["freeze on bg-removal --for 4h --reason=launch", { ...on, end: { forMs: 4 * hourMs }, reason: "launch" }],
  ["freeze on bg-removal for the launch", { ...on, reason: "for the launch" }],
  ["freeze on bg-removal until further notice", { ...on, reason: "until further notice" }],
  [
    "freeze on bg-removal until 2026-12-24T18:00Z feast",
    { ...on, end: { at: Date.UTC(2026, 11, 24, 18) }, reason: "feast" },
  ],
  [
    "freeze on bg-removal until 2026-12-24T18:00+01:00 feast",
    { ...on, end: { at: Date.UTC(2026, 11, 24, 17) }, reason: "feast" },
  ],
  ["freeze off bg-removal", off],
  ["freeze off bg-removal it is over", { ...off, reason: "it is over" }],
  ["freeze off f-0a1b2c3d", { ...off, what: "f-0a1b2c3d" }],
  ["freeze off all", { ...off, what: "**" }],
];

const wrong: readonly (readonly [string, string, string | null])[] = [
  ["deploy", "takes a tag", slashUsage.deploy],
  ["deploy v1 image", "no name of an image", slashUsage.deploy],
  ["deploy v1 image A B", "no name of an image", slashUsage.deploy],
  ["deploy $(id)", "no tag", slashUsage.deploy],
  ["deploy v1 a/b c", "takes a tag", slashUsage.deploy],
  ["deploy v1 perkie", "owner/name", slashUsage.deploy],
  ["rollback", "takes a service", slashUsage.rollback],
  ["rollback <@U1>", "no name of a service", slashUsage.rollback],
  ["status a b", "one service", slashUsage.status],
  ["status ?", "no name of a service", slashUsage.status],
  ["freeze maybe", "`on`, `off` or `list`", slashUsage.freeze],
  ["freeze on", "takes a service", slashUsage.freeze],
  ["freeze on <@U1> launch", "takes a service", slashUsage.freeze],
  ["freeze on bg-removal", "says why", slashUsage.freeze],
  ["freeze on bg-removal for 4h", "says why", slashUsage.freeze],
  ["freeze on bg-removal for 4 hours", "how long", slashUsage.freeze],
  ["freeze on bg-removal --for ever", "how long", slashUsage.freeze],
  ["freeze on bg-removal until 2026-12-24T18:00 feast", "with its zone", slashUsage.freeze],
  ["freeze on bg-removal until 18:00 feast", "with its zone", slashUsage.freeze],
  ["freeze off", "takes an id", slashUsage.freeze],
  ["constructor", 'There is no "constructor".', null],
  ["approve r-1", 'There is no "approve".', null],
  ["<!here>", 'There is no "&lt;!here&gt;".', null],
];

describe("readSlashAsk()", () => {
  for (const [text, ask] of cases)
    it(`reads "${text}"`, () => {
      expect(readSlashAsk(text)).to.deep.equal(ask);
    });

  for (const [text, problem, usage] of wrong)
    it(`says what is wrong with "${text}"`, () => {
      const ask = readSlashAsk(text);
      expect(ask).to.include({ verb: "help", usage });
      expect(ask).to.have.property("problem").that.includes(problem);
    });

  it("keeps a reason within its length", () => {
    expect(readSlashAsk(`freeze on all ${"x".repeat(4_000)}`))
      .to.have.property("reason")
      .with.length(500);
  });

  it("never throws, whatever is typed", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.constantFrom("", "freeze on ", "deploy "),
        (text, verb) => {
          expect(readSlashAsk(`${verb}${text}`)).to.have.property("verb");
        },
      ),
    );
  });
});
