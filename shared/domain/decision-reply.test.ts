import { expect } from "chai";
import fc from "fast-check";
import {
  expectAccepted,
  messageComplaints,
  readableLines,
  viewComplaints,
} from "../../test/support/block-kit.ts";
import { monday, releaseId } from "../../test/support/fixtures.ts";
import { hostileText } from "../../test/support/hostile-text.ts";
import { messageFacts, toldRecord } from "../../test/support/message-facts.ts";
import {
  type DecisionRefusal,
  decisionReply,
  parseRejection,
  rejectModal,
  rejectView,
} from "./decision-reply.ts";
import type { ReleaseRecord } from "./release-record.ts";

const at = "<!date^1767603600^{date_short_pretty} {time}|5 Jan 2026, 09:00 UTC>";
const name = "background-removal v1.8.0";
const from = ["@ml-oncall", "maya", "grace"];

const table: readonly (readonly [DecisionRefusal, string])[] = [
  [
    { code: "not-an-approver", from },
    `✋ You may not decide on ${name}. These may: <!subteam^S0ONCALL>, <@U0MAYA>, grace.`,
  ],
  [
    { code: "self-approval", from },
    `✋ You pushed ${name} and may not approve it yourself. One of these has to: <!subteam^S0ONCALL>, <@U0MAYA>, grace.`,
  ],
  [
    { code: "self-approval", from: ["Ada", "maya"] },
    `✋ You pushed ${name} and may not approve it yourself. One of these has to: <@U0MAYA>.`,
  ],
  [
    { code: "self-approval", from: ["@ada"] },
    `✋ You pushed ${name} and may not approve it yourself. Nobody else is named in \`approval.from\`.`,
  ],
  [
    { code: "self-approval", from: [] },
    `✋ You pushed ${name} and may not approve it yourself. Anybody else may.`,
  ],
  [
    { code: "approval-expired", expiresAt: monday },
    `✋ The time to decide on ${name} ended ${at}. To ask again: \`gantry deploy v1.8.0\`.`,
  ],
  [{ code: "no-approval-awaited" }, `✋ ${name} waits for no approval: it is being built without cache.`],
  [
    { code: "approval-voided" },
    `✋ What ${name} would do changed after this button was made, so it decides nothing. Look at the message as it is now and decide again.`,
  ],
  [
    { code: "already-decided", decision: "rejected", by: "maya", at: monday },
    `✋ ${name} was rejected by <@U0MAYA> ${at}; the first decision counts.`,
  ],
  [
    { code: "not-a-member", kind: "guest" },
    `✋ Guests of this workspace decide nothing: nothing was done to ${name}.`,
  ],
  [
    { code: "not-a-member", kind: "deactivated" },
    `✋ This account is deactivated: nothing was done to ${name}.`,
  ],
  [{ code: "not-a-member", kind: "bot" }, `✋ A bot decides nothing: nothing was done to ${name}.`],
  [
    { code: "not-a-member", kind: "stranger" },
    `✋ Slack does not know this account in this workspace: nothing was done to ${name}.`,
  ],
  [
    { code: "not-allowed" },
    `✋ The policy names you in no group and not among its people, so you may look at ${name} but not act on it.`,
  ],
  [
    { code: "group-not-askable", groups: ["@ml-oncall", "@leads"], next: "gantry pause release-1" },
    `✋ Slack could not be asked just now who is in @ml-oncall, @leads, so Gantry does not know whether you may decide on ${name}. Nothing was done, and nothing changed. Click again in a minute, or type \`gantry pause release-1\`.`,
  ],
  [
    { code: "not-possible", why: "The release is <paused> already." },
    "✋ The release is &lt;paused&gt; already.",
  ],
];

describe("decisionReply()", () => {
  for (const [refusal, said] of table) {
    it(`answers ${Object.values(refusal).join(" ")}`, () => {
      const message = decisionReply(refusal, messageFacts());
      expectAccepted(message);
      expect(readableLines(message)).to.deep.equal([said]);
      expect(message.text).to.equal(said.replaceAll("`", ""));
    });
  }

  it("stays within every limit of Slack, whatever a user typed", () => {
    fc.assert(
      fc.property(fc.constantFrom(...table), hostileText, ([refusal], text) => {
        const typed = {
          ...refusal,
          ...("from" in refusal ? { from: Array(40).fill(text) } : {}),
          ...("by" in refusal ? { by: text } : {}),
          ...("why" in refusal ? { why: text } : {}),
          ...("role" in refusal ? { role: text } : {}),
        } as DecisionRefusal;
        const message = decisionReply(typed, messageFacts({ tag: text as never }));
        expect(messageComplaints(message)).to.deep.equal([]);
      }),
    );
  });
});

describe("rejectView()", () => {
  const context = {
    release: releaseId(),
    approval: "nonce-1",
    channel: "C0DEPLOYS",
    ts: "1767603600.000100",
  };

  it("asks why, says what becomes of the traffic, and hands back what it is about", () => {
    const view = rejectView({ record: toldRecord(), context });
    expect(viewComplaints(view)).to.deep.equal([]);
    expect(JSON.stringify(view)).to.include(
      "Why is background-removal v1.8.0 rejected? background-removal-00001 keeps 100 % of traffic, and everybody in the thread reads this.",
    );
    expect(view["callback_id"]).to.equal(rejectModal.callback);
    expect(parseRejection(String(view["private_metadata"]))).to.deep.equal(context);
  });

  it("stays within every limit of Slack, whatever a user typed", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const record = {
          ...toldRecord(),
          tag: text,
          service: text,
          stable: null,
        } as unknown as ReleaseRecord;
        expect(viewComplaints(rejectView({ record, context }))).to.deep.equal([]);
      }),
    );
  });

  it("reads nothing but its own metadata", () => {
    const own = { v: 1, ...context };
    const bad = [{ ...own, v: 2 }, { ...own, release: "../x" }, { ...own, ts: 1 }, { v: 1 }, null, 7, []];
    for (const value of [...bad, { ...own, approval: null }, { ...own, approval: "x".repeat(201) }]) {
      expect(parseRejection(JSON.stringify(value)), JSON.stringify(value)).to.equal(null);
    }
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => parseRejection(text) === null));
  });
});
