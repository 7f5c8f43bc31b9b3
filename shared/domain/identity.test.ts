import { expect } from "chai";
import type { Answer } from "./gate.ts";
import { type IdentityEvidence, judgeIdentity, judgeTag, toldRevision } from "./identity.ts";
import type { ImageDigest, RevisionName, ServiceKey } from "./ids.ts";
import type { Candidate } from "./service-state.ts";

const candidate: Candidate = {
  revision: "api-00002-abc" as RevisionName,
  tag: "g-1",
  url: "http://g-1.local",
  image: { name: "img", digest: `sha256:${"a".repeat(64)}` as ImageDigest },
};
const old = "api-00001-xyz" as RevisionName;
const service = "project-x/us-central1/api" as ServiceKey;

const proof = (more: Partial<IdentityEvidence> = {}): IdentityEvidence => ({
  candidate,
  effective: [
    { revision: old, percent: 100, tag: null },
    { revision: candidate.revision, percent: 0, tag: "g-1" },
  ],
  revisionDigest: candidate.image.digest,
  firstDeploy: false,
  told: null,
  ...more,
});

describe("judgeIdentity()", () => {
  it("passes a candidate whose tag leads to it at 0 %, told or untold", () => {
    expect(judgeIdentity(proof()).measured).to.equal("g-1 → api-00002-abc, it does not tell its revision");
    expect(judgeIdentity(proof({ told: candidate.revision }))).to.deep.equal({
      name: "identity",
      verdict: "pass",
      measured: "g-1 → api-00002-abc, it says so itself",
      limit: "g-1 → api-00002-abc",
    });
  });

  it("passes all traffic on a first deploy only", () => {
    const effective = [{ revision: candidate.revision, percent: 100, tag: "g-1" }];
    expect(judgeIdentity(proof({ effective, firstDeploy: true })).verdict).to.equal("pass");
    expect(judgeIdentity(proof({ effective })).measured).to.equal(
      "api-00002-abc has 100 % of the traffic already",
    );
  });

  const failures: readonly [string, Partial<IdentityEvidence>, string][] = [
    ["a service that is gone", { effective: null }, "the service does not exist"],
    ["a tag that is gone", { effective: [] }, "the tag g-1 is not in the effective traffic"],
    [
      "a tag that leads elsewhere",
      { effective: [{ revision: old, percent: 0, tag: "g-1" }] },
      "g-1 → api-00001-xyz",
    ],
    [
      "a tag that leads to whatever is latest",
      { effective: [{ revision: null, percent: 0, tag: "g-1" }] },
      "g-1 → latest",
    ],
    [
      "traffic in another entry",
      {
        effective: [
          { revision: candidate.revision, percent: 0, tag: "g-1" },
          { revision: candidate.revision, percent: 5, tag: null },
        ],
      },
      "api-00002-abc has 5 % of the traffic already",
    ],
    [
      "a revision that runs no digest",
      { revisionDigest: null },
      "api-00002-abc does not run an image by digest",
    ],
    [
      "another digest",
      { revisionDigest: `sha256:${"b".repeat(64)}` },
      "api-00002-abc runs sha256:bbbbbbbbbbbb…, built was sha256:aaaaaaaaaaaa…",
    ],
    ["an answer of another revision", { told: old }, 'the answer comes from "api-00001-xyz"'],
  ];
  for (const [name, more, measured] of failures) {
    it(`fails ${name}`, () => {
      const result = judgeIdentity(proof(more));
      expect([result.verdict, result.measured]).to.deep.equal(["fail", measured]);
    });
  }
});

describe("judgeTag()", () => {
  it("is silent about the right tag, fails another one, and knows nothing without one", () => {
    const judge = (revision: RevisionName | null): string =>
      judgeTag({ candidate, effective: [{ revision, percent: 5, tag: "g-1" }] })?.verdict ?? "silent";
    expect([judge(candidate.revision), judge(old), judge(null)]).to.deep.equal(["silent", "fail", "fail"]);
    expect(judgeTag({ candidate, effective: [] })?.verdict).to.equal("inconclusive");
  });
});

describe("toldRevision()", () => {
  const tell = (headers: Record<string, string>, body = "", truncated = false): string | null => {
    const answer: Answer = { kind: "answer", status: 200, headers, body, truncated, durationMs: 1 };
    return toldRevision({ service, answer });
  };

  it("reads the headers in their order", () => {
    expect(tell({ "k-revision": "a", "x-gantry-revision": "b" })).to.equal("b");
    expect(tell({ "x-gantry-revision": " ", "k-revision": "a" })).to.equal("a");
    expect(tell({ "x-cloud-run-revision": "c" }, '{"revision":"api-1"}')).to.equal("c");
  });

  it("reads the JSON field only where it looks like a revision of this service", () => {
    expect(tell({}, '{"revision":"api-00009-xyz"}')).to.equal("api-00009-xyz");
    const others = [
      '{"revision":"main"}',
      '{"revision":7}',
      '["revision"]',
      '"revision"',
      'x "revision"',
      "{}",
    ];
    expect(others.map((body) => tell({}, body))).to.deep.equal(others.map(() => null));
    expect(tell({}, '{"revision":"api-1"}', true)).to.equal(null);
  });

  it("reads nothing where nothing was answered", () => {
    const answer: Answer = { kind: "timeout", durationMs: 1, phase: "headers" };
    expect(toldRevision({ service, answer })).to.equal(null);
  });
});
