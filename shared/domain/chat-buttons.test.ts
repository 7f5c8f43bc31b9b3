import { expect } from "chai";
import fc from "fast-check";
import { buttonsOf, expectAccepted } from "../../test/support/block-kit.ts";
import { monday, person, releaseId } from "../../test/support/fixtures.ts";
import { approvalFacts, messageFacts } from "../../test/support/message-facts.ts";
import { buttonValue, chatActionOf, chatActions, parseButtonValue } from "./chat-buttons.ts";
import type { ReleaseFacts } from "./release-facts.ts";
import { rootMessage } from "./release-message.ts";
import type { ReleaseRecord } from "./release-record.ts";
import { type ReleaseStatus, releaseStatuses } from "./words.ts";

const approval = approvalFacts();

/** Buttons under a release's message, each with its question, without the one that opens the console. */
function offered(changes: Partial<ReleaseRecord>, others: Partial<ReleaseFacts> = {}) {
  const message = rootMessage(messageFacts(changes, { approval, ...others }));
  expectAccepted(message);
  const buttons = [...buttonsOf(message)].filter(([id]) => id !== chatActions.console);
  return new Map(buttons.map(([id, button]) => [id, JSON.parse(JSON.stringify(button))]));
}

function question(changes: Partial<ReleaseRecord>, action: string, others: Partial<ReleaseFacts> = {}) {
  return offered(changes, others).get(action)?.confirm.text.text;
}

const possible: Partial<Record<ReleaseStatus, readonly string[]>> = {
  "awaiting-approval": ["gantry.approve", "gantry.reject"],
  "rolling-out": ["gantry.pause", "gantry.promote", "gantry.rollback"],
  baking: ["gantry.rollback"],
  held: ["gantry.rollback"],
};

describe("the buttons of a release", () => {
  for (const status of releaseStatuses) {
    const ids = possible[status] ?? [];
    it(`are ${ids.join(", ") || "none"} while it is ${status}`, () => {
      expect([...offered({ status, percent: 5 }).keys()]).to.deep.equal(ids);
    });

    it(`all name their consequence and carry the release while it is ${status}`, () => {
      for (const [id, button] of offered({ status, percent: 5 }, { canGoBack: true })) {
        const isDecision = id === "gantry.approve" || id === "gantry.reject";
        expect(button.confirm.text.text, id).to.match(/\?/);
        expect(JSON.parse(button.value)).to.deep.equal({
          v: 1,
          release: "release-1",
          approval: isDecision ? "nonce-1" : null,
        });
        const danger = id === "gantry.reject" || id === "gantry.rollback";
        expect(button.style).to.equal(danger ? "danger" : id === "gantry.approve" ? "primary" : undefined);
      }
    });
  }

  it("offer to resume a paused one in place of pausing it", () => {
    const ids = [...offered({ status: "rolling-out", percent: 5, paused: true }).keys()];
    expect(ids).to.deep.equal(["gantry.resume", "gantry.promote", "gantry.rollback"]);
  });

  it("offer to take a live one back only where the caller saw that nothing newer runs", () => {
    expect([...offered({ status: "live", percent: 100 }).keys()]).to.deep.equal([]);
    expect([...offered({ status: "live", percent: 100 }, { canGoBack: true }).keys()]).to.deep.equal([
      "gantry.rollback",
    ]);
  });

  it("offer no decision that would be bound to nothing", () => {
    const status = "awaiting-approval";
    expect([...offered({ status }, { approval: null })]).to.deep.equal([]);
    expect([...offered({ status }, { approval: approvalFacts({ id: "x".repeat(201) }) })]).to.deep.equal([]);
  });

  it("offer no promotion where all traffic is there already, and no console without an address", () => {
    expect([...offered({ status: "rolling-out", percent: 100 }).keys()]).to.not.include("gantry.promote");
    const nowhere = rootMessage(messageFacts({ status: "queued" }, { consoleUrl: "javascript:alert(1)" }));
    expect(buttonsOf(nowhere).size).to.equal(0);
  });

  const awaiting = { status: "awaiting-approval", percent: 0 } as const;
  const rollingOut = { status: "rolling-out", percent: 5 } as const;
  const first = { stable: null } as const;
  const approvedBy = [{ by: person, at: monday }];
  const table: readonly (readonly [string, string | undefined, string])[] = [
    ["approve", question(awaiting, "gantry.approve"), "Give v1.8.0 5 % of traffic, then 25 %, then 100 %?"],
    [
      "approve a first release",
      question({ ...awaiting, ...first }, "gantry.approve"),
      "Give v1.8.0 100 % of traffic?",
    ],
    [
      "approve as one of several",
      question(awaiting, "gantry.approve", { approval: approvalFacts({ count: 3, approvedBy }) }),
      "Give v1.8.0 5 % of traffic, then 25 %, then 100 %, once 1 more approved?",
    ],
    [
      "reject",
      question(awaiting, "gantry.reject"),
      "End v1.8.0? background-removal-00001 keeps 100 % of traffic. You are asked for the reason next.",
    ],
    [
      "reject a first release",
      question({ ...awaiting, ...first }, "gantry.reject"),
      "End v1.8.0? No other revision serves. You are asked for the reason next.",
    ],
    [
      "pause",
      question(rollingOut, "gantry.pause"),
      "Keep v1.8.0 at 5 % of traffic until somebody resumes it? It is still watched.",
    ],
    [
      "pause while a step is on its way, which still comes to pass",
      question({ ...rollingOut, nextPercent: 25 }, "gantry.pause"),
      "Keep v1.8.0 at 25 % of traffic until somebody resumes it? It is still watched.",
    ],
    [
      "resume",
      question({ ...rollingOut, paused: true }, "gantry.resume"),
      "Let v1.8.0 go on to 25 % of traffic, then 100 %, each step watched?",
    ],
    [
      "resume at the last step",
      question({ ...rollingOut, percent: 100, paused: true }, "gantry.resume"),
      "Let v1.8.0 go on to the bake, each step watched?",
    ],
    [
      "promote",
      question(rollingOut, "gantry.promote"),
      "Give v1.8.0 100 % of traffic now, without 25 % first?",
    ],
    [
      "promote while a step is on its way",
      question({ ...rollingOut, nextPercent: 25 }, "gantry.promote"),
      "Give v1.8.0 100 % of traffic now, without waiting any longer?",
    ],
    [
      "promote before the last step",
      question({ ...rollingOut, percent: 25 }, "gantry.promote"),
      "Give v1.8.0 100 % of traffic now, without waiting any longer?",
    ],
    [
      "roll back",
      question(rollingOut, "gantry.rollback"),
      "Give all traffic back to background-removal-00001 now? The image of v1.8.0 goes into quarantine.",
    ],
    [
      "roll back a first release",
      question({ ...rollingOut, ...first }, "gantry.rollback"),
      "End v1.8.0? There is no earlier revision to give the traffic to. The image of v1.8.0 goes into quarantine.",
    ],
  ];
  for (const [what, asked, expected] of table) {
    it(`ask before they ${what}: ${expected}`, () => expect(asked).to.equal(expected));
  }

  it("are known by their action, and nothing else is", () => {
    for (const [name, id] of Object.entries(chatActions)) expect(chatActionOf(id)).to.equal(name);
    expect(chatActionOf("gantry.delete")).to.equal(null);
    expect(chatActionOf("constructor")).to.equal(null);
  });

  it("hand back what they carry, and anything else is refused", () => {
    const value = { release: releaseId(), approval: "nonce-1" };
    expect(parseButtonValue(buttonValue(value))).to.deep.equal(value);
    expect(parseButtonValue(buttonValue({ ...value, approval: null }))?.approval).to.equal(null);
    const bad = ["", "null", "[]", "7", "{}", '{"v":2,"release":"release-1","approval":null}'];
    for (const text of [
      ...bad,
      '{"v":1,"release":"../x","approval":null}',
      '{"v":1,"release":"release-1","approval":1}',
    ]) {
      expect(parseButtonValue(text), text).to.equal(null);
    }
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => parseButtonValue(text) === null));
  });
});
