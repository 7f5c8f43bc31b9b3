import { expect } from "chai";
import fc from "fast-check";
import { buttonsOf, expectAccepted, messageComplaints, readableLines } from "../../test/support/block-kit.ts";
import {
  monday,
  person,
  releaseId,
  releaseRecord,
  revisionName,
  tagName,
} from "../../test/support/fixtures.ts";
import { hostileText } from "../../test/support/hostile-text.ts";
import { approvalFacts, messageFacts, stable } from "../../test/support/message-facts.ts";
import type { CheckResult } from "./events.ts";
import type { ReleaseFacts } from "./release-facts.ts";
import { rootMessage } from "./release-message.ts";
import type { ReleaseRecord } from "./release-record.ts";
import { describeSplit } from "./traffic.ts";
import { type ReleaseStatus, releaseStatuses, statusWords } from "./words.ts";

const pass: CheckResult = { name: "health", verdict: "pass", measured: "200", limit: "200" };
const fail: CheckResult = { name: "p95", verdict: "fail", measured: "6.1 s, 212 requests", limit: "4 s" };
const failure = {
  code: "watch-failed",
  message: "The candidate went bad under traffic: p95: 6.1 s (4 s).",
} as const;

const monday9 = "<!date^1767603600^{date_short_pretty} {time}|5 Jan 2026, 09:00 UTC>";
const monday13 = "<!date^1767618000^{date_short_pretty} {time}|5 Jan 2026, 13:00 UTC>";
const commits = `abc${"0".repeat(37)}...c0ffee${"0".repeat(34)}`;
const origin =
  `Pushed by <@U0ADA>, ${monday9}  ·  ` +
  `<https://github.com/perkie/background-removal/compare/${commits}|v1.7.0...v1.8.0> (c0ffee0)  ·  gantry-test · europe-west1`;

const shares = (ofStable: number, ofCandidate: number) => [
  `• *${ofStable} %*  \`background-removal-00001\``,
  `• *${ofCandidate} %*  \`background-removal-00002\` (this release)`,
];
const atZero = ["Traffic:", ...shares(100, 0)];
const atFive = ["Traffic:", ...shares(95, 5)];
const atAll = "Traffic: `background-removal-00002` 100 % (this release).";
const before = { candidate: null, stable: null };
const unknown = "Traffic is unchanged: whatever served before still serves.";
const sofar = "Traffic is unchanged: v1.7.0 is live.";
const over = "Nothing more happens until a new tag is pushed.";

type Case = readonly [
  changes: Partial<ReleaseRecord>,
  others: Partial<ReleaseFacts>,
  text: string,
  lines: readonly string[],
];

const table: Readonly<Record<ReleaseStatus, Case>> = {
  queued: [
    before,
    {},
    "waits for the release before it.",
    [sofar, "It begins when the release before it has ended."],
  ],
  building: [before, {}, "is being built without cache.", [sofar, "Next it is deployed without traffic."]],
  deploying: [
    before,
    {},
    "is being deployed at 0 % traffic.",
    [sofar, "Next it is verified without traffic."],
  ],
  verifying: [
    {},
    {},
    "is being verified at 0 % traffic.",
    [...atZero, "Next somebody is asked to approve it."],
  ],
  "awaiting-approval": [
    { checks: [pass] },
    { approval: approvalFacts() },
    "waits for approval.",
    [
      ...atZero,
      "✅ passed  health: 200 (200)",
      `Waits for 1 of <!subteam^S0ONCALL> to approve until ${monday13}.`,
      "Once approved: 5 % of traffic, then 25 %, then 100 %.",
      "[Approve 5 %] [Reject] [Open console]",
    ],
  ],
  "rolling-out": [
    { percent: 5, checks: [pass] },
    { approval: approvalFacts({ approvedBy: [{ by: { kind: "person", name: "maya" }, at: monday }] }) },
    "is getting traffic in steps.",
    [
      ...atFive,
      "✅ passed  health: 200 (200)",
      `Approved by <@U0MAYA> ${monday9} (1 of 1).`,
      "Next: 25 % of traffic, then 100 %.",
      "[Pause] [Promote to 100 %] [Roll back] [Open console]",
    ],
  ],
  baking: [
    { percent: 100 },
    {},
    "has all traffic and is still watched.",
    [atAll, "It is live after 30 min in which it does as well as allowed.", "[Roll back] [Open console]"],
  ],
  live: [{ percent: 100 }, {}, "is live.", [atAll, "Nothing has to be done."]],
  "rolling-back": [
    { percent: 5, checks: [pass, fail], failure },
    {},
    "is being rolled back: The candidate went bad under traffic: p95: 6.1 s (4 s).",
    [
      "The candidate went bad under traffic: p95: 6.1 s (4 s).",
      "All traffic is on its way back to `background-removal-00001`. Last seen:",
      ...shares(95, 5),
      "❌ failed  p95: 6.1 s, 212 requests (4 s)",
      "✅ passed  health: 200 (200)",
      "Once it is back, nothing more happens until a new tag is pushed.",
    ],
  ],
  held: [
    {
      found: [
        { revision: stable, percent: 60 },
        { revision: revisionName("other"), percent: 40 },
      ],
    },
    {},
    "is held and waits for a person.",
    [
      "Traffic:",
      "• *60 %*  `background-removal-00001`",
      "• *40 %*  `other`",
      "• *0 %*  `background-removal-00002` (this release)",
      "Gantry leaves it so until somebody rolls it back or cancels it.",
      "[Roll back] [Open console]",
    ],
  ],
  failed: [{}, {}, "failed before it had traffic.", [...atZero, over]],
  "rolled-back": [
    { failure },
    {},
    "was rolled back: The candidate went bad under traffic: p95: 6.1 s (4 s).",
    [
      "The candidate went bad under traffic: p95: 6.1 s (4 s).",
      ...atZero,
      `${over} Its image stays in quarantine until somebody frees it.`,
    ],
  ],
  rejected: [{}, {}, "was rejected.", [...atZero, over]],
  cancelled: [{}, {}, "was cancelled.", [...atZero, over]],
  superseded: [
    { ...before, supersededBy: releaseId("release-2"), supersededByTag: tagName("v1.9.0") },
    { newerUrl: "http://localhost:8420/releases/release-2" },
    "was superseded by a newer tag.",
    [unknown, "<http://localhost:8420/releases/release-2|v1.9.0> takes its place."],
  ],
};

describe("rootMessage()", () => {
  for (const status of releaseStatuses) {
    const [changes, others, says, expected] = table[status];
    it(`tells of a release that is ${status}`, () => {
      const message = rootMessage(messageFacts({ ...changes, status }, others));
      expectAccepted(message);
      const { emoji, label } = statusWords[status];
      const lines = readableLines(message);
      expect(lines[0]).to.equal(`${emoji} *background-removal* *v1.8.0*  ·  ${label}`);
      expect(lines).to.include(origin);
      const row = expected.at(-1)?.startsWith("[") ? [] : ["[Open console]"];
      expect(lines.slice(1).filter((line) => line !== origin)).to.deep.equal([...expected, ...row]);
      expect(message.text)
        .to.match(/^\S+ background-removal v1\.8\.0 /)
        .and.include(says);
      expect(message.text).to.match(/\.$/);
      expect(message.blocks.length).to.be.at.most(6);
    });
  }

  it("says nothing twice: neither the check nor the traffic that the reason has told", () => {
    const told = {
      code: "watch-failed",
      message: "The candidate went bad under traffic: p95: 6 s (4 s).",
    } as const;
    const p95: CheckResult = { name: "p95", verdict: "fail", measured: "6 s", limit: "4 s" };
    const failed = readableLines(
      rootMessage(messageFacts({ status: "failed", failure: told, checks: [pass, p95] })),
    );
    expect(failed).to.include(told.message).and.to.include("✅ passed  health: 200 (200)");
    expect(failed.join()).not.to.contain("❌ failed");
    const found = [{ revision: stable, percent: 100 }];
    const moved = `Somebody moved the traffic by hand. It is left as it was found: ${describeSplit(found)}.`;
    const held = { status: "held", found, failure: { code: "watch-failed", message: moved } } as const;
    expect(readableLines(rootMessage(messageFacts(held)))).to.include(
      "Somebody moved the traffic by hand. It is left as it was found.",
    );
  });

  it("says what a person should look at though it passed", () => {
    const slow: CheckResult = { ...pass, name: "cold start", warning: "slower than <usual>" };
    expect(
      readableLines(rootMessage(messageFacts({ status: "verifying", checks: [slow] }))).join(),
    ).to.include("✅ passed  cold start: 200 (200) ⚠️ slower than");
  });

  it("says of an identity that held what it comes to, not what was compared", () => {
    const limit = "g-1 → background-removal-00002";
    const identity: CheckResult = {
      name: "identity",
      verdict: "pass",
      measured: `${limit}, it says so itself`,
      limit,
    };
    const lines = (check: CheckResult) =>
      readableLines(rootMessage(messageFacts({ status: "verifying", checks: [check] })));
    expect(lines(identity)).to.include(
      "✅ passed  identity: its URL leads to this revision; it says so itself",
    );
    const elsewhere = "g-1 → background-removal-00001";
    expect(lines({ ...identity, verdict: "fail", measured: elsewhere })).to.include(
      `❌ failed  identity: ${elsewhere} (${limit})`,
    );
  });

  it("tells of a paused one, and what a resume would do", () => {
    const message = rootMessage(messageFacts({ status: "rolling-out", percent: 5, paused: true }));
    expectAccepted(message);
    expect(message.text).to.include("v1.8.0 is paused at 5 % of traffic and still watched.");
    expect(readableLines(message)).to.include.members([
      "⏸️ *background-removal* *v1.8.0*  ·  Paused",
      "Nothing moves until somebody resumes it; then: 25 % of traffic, then 100 %.",
      "[Resume] [Promote to 100 %] [Roll back] [Open console]",
    ]);
  });

  it("names who pushed it, or asked for it in another way, and does not know of a release before the first", () => {
    const asked = { requestedBy: { ...person, via: "api" }, candidate: null, stable: null } as const;
    const lines = readableLines(rootMessage(messageFacts(asked, { previous: null })));
    expect(lines.join()).to.include("Asked for by <@U0ADA>").and.to.include(unknown);
    const pushed = { requestedBy: { ...person, via: "github" } } as const;
    expect(readableLines(rootMessage(messageFacts(pushed)))).to.include(origin);
  });

  it("names the release that a queued one waits for", () => {
    const ahead = { tag: tagName("v1.7.9"), url: "http://localhost:8420/releases/release-0" };
    expect(readableLines(rootMessage(messageFacts({ status: "queued" }, { ahead })))).to.include(
      "It begins when <http://localhost:8420/releases/release-0|v1.7.9> has ended.",
    );
  });

  it("says of an approval that nobody gave in time that it expired, not that it was rejected", () => {
    const expiry = { code: "approval-expired", message: "Nobody approved v1.8.0 in time." } as const;
    const message = rootMessage(messageFacts({ status: "rejected", failure: expiry }));
    expect(readableLines(message)[0]).to.equal("⏰ *background-removal* *v1.8.0*  ·  Expired");
    expect(message.text).to.include("v1.8.0 expired without approval: Nobody approved v1.8.0 in time.");
  });

  it("says what comes after the gate where nobody is asked", () => {
    const record = releaseRecord({ status: "verifying" });
    expect(readableLines(rootMessage({ ...messageFacts(), record }))).to.include(
      "Next: 10 % of traffic, then 100 %.",
    );
  });

  it("tells of a live one that another one replaced", () => {
    const newer = { supersededBy: releaseId("release-2"), supersededByTag: tagName("v1.9.0") };
    const changes = { status: "live", percent: 0, ...newer } as const;
    expect(readableLines(rootMessage(messageFacts(changes)))).to.include.members([
      "☑️ *background-removal* *v1.8.0*  ·  Was live",
      "v1.9.0 is live since.",
      "Nothing more happens with this release.",
    ]);
  });

  it("tells of a first release that there is nothing to go back to", () => {
    const lines = (changes: Partial<ReleaseRecord>) =>
      readableLines(rootMessage(messageFacts({ stable: null, ...changes })));
    expect(lines({ status: "rolling-out", percent: 100 })).to.include.members([
      atAll,
      "Next: it bakes for 30 min.",
    ]);
    expect(lines({ status: "rolling-back" })).to.include(
      "There is no earlier revision to give the traffic to.",
    );
    expect(lines({ status: "rolled-back" })).to.include(
      "There is no earlier revision to give the traffic to.",
    );
    expect(lines({ status: "verifying", percent: 100 })).to.include(atAll);
    expect(lines({ status: "failed" })).to.include("No revision served before this one.");
  });

  it("believes the traffic that was read, and the way back that a person chose", () => {
    const other = revisionName("background-removal-00000");
    const read = [{ revision: other, percent: 100 }];
    const told = [
      "• *100 %*  `background-removal-00000`",
      "• *0 %*  `background-removal-00002` (this release)",
    ];
    expect(
      readableLines(rootMessage(messageFacts({ status: "held" }, { traffic: read }))),
    ).to.include.members(told);
    expect(
      readableLines(rootMessage(messageFacts({ status: "rolled-back" }, { wayBack: other }))),
    ).to.include.members(told);
    expect(readableLines(rootMessage(messageFacts({ status: "held", found: [] })))).to.include(
      "Traffic: `background-removal-00002` 0 % (this release).",
    );
  });

  it("names the first four revisions, counts the others, and tells all in one sentence to a screen reader", () => {
    const found = [1, 2, 3, 4, 5].map((n) => ({ revision: revisionName(`r-${n}`), percent: 20 }));
    const message = rootMessage(messageFacts({ status: "held", found }));
    const lines = readableLines(message);
    expect(lines.slice(lines.indexOf("Traffic:") + 1).slice(0, 5)).to.deep.equal([
      ...[1, 2, 3, 4].map((n) => `• *20 %*  \`r-${n}\``),
      "• 2 more",
    ]);
    expect(message.text).to.include("Traffic: r-1 20 %, r-2 20 %, r-3 20 %, r-4 20 %, 2 more.");
  });

  it("counts approvals, and lets anybody approve where nobody is named", () => {
    const approvedBy = [{ by: { kind: "person", name: "<grace>" } as const, at: monday }];
    const approval = approvalFacts({ from: [], count: 2, expiresAt: null, approvedBy });
    const lines = readableLines(rootMessage(messageFacts({ status: "awaiting-approval" }, { approval })));
    expect(lines).to.include(`Approved by &lt;grace&gt; ${monday9} (1 of 2).`);
    expect(lines).to.include("Waits for 2 of anybody to approve.");
  });

  it("is disarmed while a decision is carried out, and says whose", () => {
    const underWay = { words: "Approved", by: { kind: "person", name: "maya" } as const, at: monday };
    const message = rootMessage(
      messageFacts({ status: "awaiting-approval" }, { approval: approvalFacts(), underWay }),
    );
    expect([...buttonsOf(message).keys()]).to.deep.equal(["gantry.console"]);
    expect(readableLines(message)).to.include(`⏳ Approved by <@U0MAYA> ${monday9}.`);
  });

  it("links to a commit where there is nothing to compare, and to nothing where the source is not on the web", () => {
    const said = (others: Partial<ReleaseFacts>, changes: Partial<ReleaseRecord> = {}) =>
      readableLines(rootMessage(messageFacts(changes, others))).find((line) => line.startsWith("Pushed"));
    expect(said({ previous: null })).to.include(
      `commit <https://github.com/perkie/background-removal/commit/c0ffee${"0".repeat(34)}|c0ffee0>`,
    );
    expect(said({ sourceSite: null }))
      .to.include("v1.7.0...v1.8.0 (c0ffee0)")
      .and.not.include("<http");
    expect(said({}, { repository: "/srv/git/api.git" })).to.not.include("<http");
  });

  it("shows what did not pass first, and counts what it leaves out", () => {
    const unsure: CheckResult = { ...pass, name: "gpu", verdict: "inconclusive", measured: "no answer" };
    const checks = [...Array(12).fill(pass), unsure, fail];
    const lines = readableLines(rootMessage(messageFacts({ status: "held", checks })));
    expect(lines.slice(5, 8)).to.deep.equal([
      "❌ failed  p95: 6.1 s, 212 requests (4 s)",
      "❔ not known  gpu: no answer (200)",
      "✅ passed  health: 200 (200)",
    ]);
    expect(lines).to.include("and 4 more");
  });

  it("gives every block a new id when anything changed, and the same when nothing did", () => {
    const ids = (percent: number) =>
      rootMessage(messageFacts({ status: "rolling-out", percent })).blocks.map((block) => block["block_id"]);
    expect(ids(5)).to.deep.equal(ids(5));
    for (const id of ids(25)) expect(ids(5)).to.not.include(id);
  });

  it("stays within every limit of Slack and 10 kB, whatever a user typed", () => {
    const check = fc.record({
      name: hostileText,
      verdict: fc.constantFrom("pass", "fail", "inconclusive"),
      measured: hostileText,
      limit: hostileText,
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...releaseStatuses),
        fc.array(hostileText, { minLength: 8, maxLength: 8 }),
        fc.array(check, { maxLength: 30 }),
        fc.array(hostileText, { maxLength: 20 }),
        fc.boolean(),
        (status, typed, checks, names, paused) => {
          const [
            tag = "",
            service = "",
            repository = "",
            who = "",
            why = "",
            url = "",
            revision = "",
            id = "",
          ] = typed;
          const split = names.map((name) => ({ revision: name || "r", percent: 1 }));
          const record = {
            ...{ status, tag, service, repository, checks, percent: 5, found: split, paused },
            ...{ supersededBy: id, supersededByTag: tag },
            ...{ requestedBy: { ...person, name: who }, failure: { code: "watch-failed", message: why } },
            stable: revision,
          } as unknown as Partial<ReleaseRecord>;
          const approvedBy = names.map((name) => ({ by: { ...person, name }, at: monday }));
          const approval = approvalFacts({ id, from: names, approvedBy, count: 99 });
          const message = rootMessage({
            ...messageFacts(record, {
              approval,
              consoleUrl: `https://${url}`,
              canGoBack: true,
              newerUrl: url,
            }),
            previous: { tag, commit: id } as unknown as NonNullable<ReleaseFacts["previous"]>,
          });
          expect(messageComplaints(message)).to.deep.equal([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is at most 10 kB also when each text is as long as it can be in bytes", () => {
    const long = "漢".repeat(5000);
    const check = { ...fail, name: long, measured: long, limit: long };
    const approvedBy = Array.from({ length: 30 }, () => ({ by: { ...person, name: long }, at: monday }));
    const record = {
      ...{
        status: "awaiting-approval",
        tag: long,
        service: long,
        stable: long,
        requestedBy: { ...person, name: long },
      },
      ...{ checks: Array(30).fill(check), failure: { code: "watch-failed", message: long } },
      found: Array.from({ length: 30 }, () => ({ revision: long, percent: 1 })),
    } as unknown as Partial<ReleaseRecord>;
    const approval = approvalFacts({
      id: "漢".repeat(200),
      from: Array(30).fill(long),
      approvedBy,
      count: 99,
    });
    const others = { approval, consoleUrl: `https://x.example/${"a".repeat(580)}` };
    const message = rootMessage(messageFacts(record, others));
    expectAccepted(message);
    expect(buttonsOf(message).size).to.equal(3);
  });
});
