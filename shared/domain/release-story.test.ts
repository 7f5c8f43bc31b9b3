import { expect } from "chai";
import fc from "fast-check";
import { expectAccepted, messageComplaints, readableLines } from "../../test/support/block-kit.ts";
import {
  candidate,
  image,
  monday,
  person,
  releaseBasics,
  releaseId,
  revisionName,
  tagName,
} from "../../test/support/fixtures.ts";
import { hostileText } from "../../test/support/hostile-text.ts";
import { messageFacts, stable } from "../../test/support/message-facts.ts";
import { serviceSettings } from "../../test/support/settings.ts";
import type { EventMap, EventType, ServiceEvent } from "./events.ts";
import { parseBuildId } from "./ids.ts";
import type { ReleaseRecord } from "./release-record.ts";
import { isTold, type StoryFacts, storyOf } from "./release-story.ts";

const failure = {
  code: "watch-failed",
  message: "The candidate went bad under traffic: p95: 6.1 s (4 s).",
} as const;
const pass = { name: "health", verdict: "pass", measured: "200", limit: "200" } as const;
const { digest } = image();
const release = releaseBasics();
const target = stable;
const buildId = parseBuildId("b-1");
if (buildId === null) throw new Error("a fixture");
const warmer = { slot: "s", from: 0, to: 1, until: monday } as const;
const name = "*background-removal v1.8.0*";
const until = "<!date^1767603600^{date_short_pretty} {time}|5 Jan 2026, 09:00 UTC>";
const over = "Nothing more happens until a new tag is pushed.";

type Told = Readonly<{ lines: readonly string[]; broadcast?: true }> | null;

const row = { setting: "memory", wanted: "32Gi", found: "16Gi" } as const;

const table: { readonly [K in EventType]: readonly [EventMap[K], Told] } = {
  "release-requested": [{ release }, null],
  "release-queued": [
    { release, behind: releaseId("release-0"), behindTag: tagName("v1.7.9") },
    { lines: [`⏳ ${name} waits for v1.7.9.`] },
  ],
  "release-began": [{ release }, { lines: [`🏁 ${name} begins with commit c0ffee0.`] }],
  "release-superseded": [
    { by: releaseId("release-2"), byTag: tagName("v1.9.0"), failure },
    { lines: [`⏭️ ${name} is superseded by v1.9.0.`] },
  ],
  "build-started": [
    { buildId, logUrl: "https://log.example/b-1" },
    { lines: [`🔨 ${name} is being built without cache: <https://log.example/b-1|the log of the build>.`] },
  ],
  "preflight-passed": [{ findings: [] }, null],
  "preflight-warned": [
    { findings: [{ severity: "warns", code: "gpu-room", message: "Few GPUs.", next: "" }] },
    { lines: [`⚠️ ${name} goes on with a warning: Few GPUs.`] },
  ],
  "preflight-failed": [{ findings: [] }, null],
  "change-allowed": [
    { by: person, reason: "smaller model", rows: [row] },
    { lines: [`🔏 ${name}: ada lets it break a guard rail: memory is 16Gi, not 32Gi. Why: smaller model.`] },
  ],
  "guardrail-broken": [{ rows: [row] }, null],
  "settings-left": [{ settings: serviceSettings(), serving: null, lookEveryMs: null }, null],
  "drift-found": [
    { rows: [row], by: null, settings: null, serving: null },
    {
      lines: [
        `✋ ${name}: the service is not as it was left, so nothing new is released: memory: 32Gi is now 16Gi (by whom is not told).`,
        "Gantry leaves it as it is. A rollback may run. To take it for the truth: `gantry accept SERVICE --reason TEXT`; or put it back, and Gantry goes on by itself.",
      ],
      broadcast: true,
    },
  ],
  "drift-gone": [{}, { lines: [`👌 ${name}: the service is as it was left again.`] }],
  "drift-accepted": [
    { by: person, reason: "on purpose", rows: [row] },
    { lines: [`👌 ${name}: ada accepted what was changed by hand: on purpose.`] },
  ],
  "build-polled": [{ buildId }, null],
  "build-lost": [
    { buildId, failure },
    { lines: [`🔁 ${name} is built once more, because the platform failed: ${failure.message}`] },
  ],
  "image-given": [
    { image: image(), reference: "registry.test/api:v1", by: person },
    { lines: [`📥 ${name} is not built: ada gave the image registry.test/api:v1, which is ${digest}.`] },
  ],
  "build-succeeded": [{ buildId, image: image() }, { lines: [`📦 ${name} is built: ${digest}.`] }],
  "candidate-deployed": [
    { candidate: candidate(), stable },
    {
      lines: [
        `🔎 ${name}: background-removal-00002 is ready at 0 % and is being verified; background-removal-00001 serves 100 %.`,
      ],
    },
  ],
  "gate-passed": [{ checks: [pass, pass] }, { lines: [`✅ ${name} passed the gate: 2 checks passed.`] }],
  "gate-failed": [{ checks: [pass] }, null],
  "approval-requested": [
    {
      approvalId: "approval-1",
      digest,
      configHash: "config-1",
      from: ["@ml-oncall", "<!here>"],
      count: 1,
      expiresAt: monday,
    },
    {
      lines: [`✋ ${name} waits for 1 of <!subteam^S0ONCALL>, &lt;!here&gt; to approve until ${until}.`],
      broadcast: true,
    },
  ],
  "approval-given": [{ by: person }, { lines: [`👍 ${name} was approved by <@U0ADA>.`] }],
  "decision-refused": [{ by: person, wanted: "approve", code: "not-an-approver" }, null],
  "rollout-paused": [
    { by: person },
    { lines: [`⏸️ ${name} was paused by ada: watched on, no step is taken.`] },
  ],
  "rollout-resumed": [{ by: person }, { lines: [`▶️ ${name} was resumed by ada.`] }],
  "rollout-promoted": [
    { by: person },
    { lines: [`⏩ ${name} was promoted by ada: the holds that are left are skipped.`] },
  ],
  "step-began": [{ step: 0, percent: 5 }, null],
  "traffic-moved": [
    { step: 0, percent: 5 },
    { lines: [`🚦 ${name} serves 5 %.`, "`background-removal-00001` serves the other 95 %."] },
  ],
  "watch-went-on": [{ slice: 1, checks: [pass] }, null],
  "watch-failed": [{ checks: [pass] }, null],
  "bake-began": [{}, { lines: [`♨️ ${name} has all traffic and bakes.`] }],
  "release-live": [{ revision: target }, { lines: [`✅ ${name} is live as background-removal-00001.`] }],
  "release-replaced": [
    { by: releaseId("release-2"), byTag: tagName("v1.9.0") },
    { lines: [`☑️ ${name} is no longer live: v1.9.0 is.`] },
  ],
  "release-reinstated": [{}, { lines: [`✅ ${name} is live again.`] }],
  "rollback-began": [
    { failure, by: person, candidate: candidate(), target, release },
    {
      lines: [
        `↩️ ${name} is being rolled back: The candidate went bad under traffic: p95: 6.1 s (4 s).`,
        "All traffic is on its way back to `background-removal-00001`. `background-removal-00002` last had 5 %. Next: it is said here when that is done.",
      ],
      broadcast: true,
    },
  ],
  "stable-restored": [{ target }, null],
  "release-held": [
    { failure, found: [{ revision: target, percent: 100 }] },
    {
      lines: [
        `🛑 ${name} is held: The candidate went bad under traffic: p95: 6.1 s (4 s).`,
        "Traffic: `background-removal-00001` 100 %, `background-removal-00002` 0 % (this release). Gantry leaves it so until somebody rolls it back or cancels it.",
      ],
      broadcast: true,
    },
  ],
  "release-failed": [
    { failure: { code: "gate-failed", message: "The candidate did not pass the gate: health: 503 (200)." } },
    {
      lines: [
        `❌ ${name} failed: The candidate did not pass the gate: health: 503 (200).`,
        `\`background-removal-00001\` still serves 100 %. ${over}`,
      ],
      broadcast: true,
    },
  ],
  "release-rejected": [
    { failure: { code: "rejected-by-person", message: "ada rejected v1.8.0: *no*." }, by: person },
    { lines: [`🚫 ${name} was rejected: ada rejected v1.8.0: ∗no∗.`] },
  ],
  "release-cancelled": [
    { failure: { code: "cancelled-by-person", message: "ada cancelled v1.8.0." }, by: person },
    { lines: [`⏹️ ${name} was cancelled: ada cancelled v1.8.0.`] },
  ],
  "release-rolled-back": [
    { failure },
    {
      lines: [
        `⏪ ${name} was rolled back: The candidate went bad under traffic: p95: 6.1 s (4 s).`,
        `\`background-removal-00001\` serves 100 % again. Its image is in quarantine. ${over}`,
      ],
      broadcast: true,
    },
  ],
  "digest-quarantined": [{ digest, tag: tagName(), why: "" }, null],
  "digest-freed": [
    { digest, by: person },
    { lines: [`🔓 ${name} may be released again: <@U0ADA> freed its image ${digest.slice(0, 18)}….`] },
  ],
  "leftovers-found": [{ build: false, candidate: true }, null],
  "leftovers-tidied": [{}, null],
  "warmup-asked": [
    { by: person, until: monday + 3_600_000 },
    { lines: [`☀️ ${name} is to be warm for 60 minutes: ada asked for it.`] },
  ],
  "warmup-called-off": [{ by: person }, { lines: [`🌙 ${name} is not to be warm now: ada called it off.`] }],
  "warmup-due": [{ ...warmer, raise: true }, null],
  "warmup-raised": [{ ...warmer, raise: true }, null],
  "warmup-lowered": [{ ...warmer, raise: false }, null],
  "warmup-left-alone": [
    { slot: "s", expected: 1, found: 3, by: null },
    {
      lines: [`✋ ${name} has a minimum that Gantry leaves alone: it left 1, and somebody made it 3.`],
      broadcast: true,
    },
  ],
  "warmup-backed-off": [
    { slot: "s", what: "minimum", message: "denied", tries: 1, until: monday + 300_000 },
    {
      lines: [`⚠️ ${name} could not be given its minimum (try 1), and is tried again in 5 minutes: denied.`],
    },
  ],
  "warmup-pings-began": [{ slot: "s", until: monday }, null],
};

function tell(
  type: string,
  fields: object,
  changes: Partial<ReleaseRecord> = {},
  others: Partial<StoryFacts> = {},
) {
  const event = { type, at: monday, releaseId: releaseId(), ...fields } as ServiceEvent;
  return storyOf(event, { ...messageFacts({ percent: 5, ...changes }), ...others });
}

describe("storyOf()", () => {
  for (const [type, [fields, told]] of Object.entries(table)) {
    const how =
      told === null ? "says nothing of" : told.broadcast ? "tells the channel of" : "tells the thread of";
    it(`${how} ${type}`, () => {
      const line = tell(type, fields);
      if (told === null || line === null) {
        expect(line).to.equal(told);
        return;
      }
      expectAccepted(line.content);
      expect(readableLines(line.content)).to.deep.equal(told.lines);
      expect(line.broadcast).to.equal(told.broadcast === true);
      expect(line.content.text)
        .to.match(/^\S+ background-removal v1\.8\.0.+[.]$/)
        .and.not.include("`");
    });
  }

  it("knows of each fact whether the thread tells of it", () => {
    const isType = (text: string): text is EventType => Object.hasOwn(table, text);
    for (const event of Object.keys(table).filter(isType))
      expect(isTold(event), event).to.equal(table[event][1] !== null);
  });

  it("tells only once that a minimum could not be written, and never of pings that were refused", () => {
    const failed = { slot: "s", what: "minimum", message: "denied", tries: 1, until: monday };
    expect(tell("warmup-backed-off", { ...failed, tries: 2 })).to.equal(null);
    expect(tell("warmup-backed-off", { ...failed, what: "ping" })).to.equal(null);
  });

  it("says of a rollback where it led, as a person chose, and that there was nowhere to go", () => {
    const wayBack = revisionName("background-removal-00000");
    const said = (line: ReturnType<typeof tell>) =>
      (line === null ? [] : readableLines(line.content)).join("\n");
    expect(said(tell("release-rolled-back", { failure }, {}, { wayBack }))).to.include(
      "`background-removal-00000` serves 100 % again.",
    );
    expect(said(tell("release-rolled-back", { failure }, { stable: null }))).to.include(
      "There was no earlier revision to give the traffic to.",
    );
    const began = { failure, by: person, candidate: candidate(), target: null, release };
    expect(said(tell("rollback-began", began, { candidate: null }))).to.include(
      "There is no earlier revision to give the traffic to. The candidate last had 5 %.",
    );
    expect(said(tell("release-failed", { failure }, { stable: null }))).to.include("No traffic was moved.");
  });

  it("says no share of stable where all traffic moved", () => {
    const line = tell("traffic-moved", { step: 2, percent: 100 });
    expect(line === null ? [] : readableLines(line.content)).to.deep.equal([`🚦 ${name} serves 100 %.`]);
  });

  it("stays within every limit of Slack, whatever a user typed", () => {
    const types = Object.entries(table);
    fc.assert(
      fc.property(fc.constantFrom(...types), hostileText, hostileText, ([type, [fields]], text, who) => {
        const typed = {
          ...("failure" in fields ? { failure: { code: "watch-failed", message: text } } : {}),
          ...("by" in fields && typeof fields.by === "object" ? { by: { kind: "person", name: who } } : {}),
          ...("from" in fields ? { from: Array(50).fill(who) } : {}),
          ...("logUrl" in fields ? { logUrl: `https://${text}` } : {}),
          ...("checks" in fields
            ? { checks: Array(50).fill({ ...pass, verdict: "fail", measured: text }) }
            : {}),
        };
        const line = tell(type, { ...fields, ...typed }, { tag: text as never });
        expect(line === null ? [] : messageComplaints(line.content)).to.deep.equal([]);
      }),
    );
  });
});
