import { type ChatContent, content, context, section } from "./chat-blocks.ts";
import { escaped, link, mention, slackDate, visible } from "./chat-escape.ts";
import { eventWords } from "./event-words.ts";
import type { EventOf, EventType, ServiceEvent } from "./events.ts";
import { despiteWords } from "./freeze-words.ts";
import { backOnTheWay, type ReleaseFacts, releaseName, revisionText, sharesIn } from "./release-facts.ts";
import { approvers } from "./release-message.ts";
import { wordsOf } from "./release-words.ts";
import { entryOf } from "./schema.ts";
import type { Failure } from "./service-state.ts";
import { statusWords } from "./words.ts";

/** One reply in the thread of a release; `broadcast` shows it in the channel too. */
export type StoryLine = Readonly<{ content: ChatContent; broadcast: boolean }>;

/** What a line of the story is told with. The record is the one after the event, or a later one. */
export type StoryFacts = Pick<ReleaseFacts, "record" | "people" | "wayBack" | "newerUrl">;

/** A line or two: the words follow the name of the release. */
type Told = Readonly<{ emoji: string; words: string; after?: string; broadcast?: boolean }>;

type Teller<T extends EventType> = (event: EventOf<T>, facts: StoryFacts) => Told | null;

/** The words that CLI and console use, with what they lack to follow a name. */
function inWords(emoji: string, before = ""): (event: ServiceEvent) => Told {
  return (event) => ({ emoji, words: `${before}${sentence(escaped(eventWords(event), 500))}` });
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

function repairOf({ help }: Failure): string {
  return help === undefined ? "" : `${sentence(escaped(help.repair, 400))} `;
}

/** The message of the failure says who it was, and why. */
function ended(status: "rejected" | "cancelled", failure: Failure): Told {
  const { emoji, sentence: says } = wordsOf({ status, failure });
  return { emoji, words: `${says}: ${sentence(escaped(failure.message, 500))}` };
}

const afterDrift =
  "Gantry leaves it as it is. A rollback may run. To take it for the truth: `gantry accept SERVICE --reason TEXT`; or put it back, and Gantry goes on by itself.";

const nothingMore = "Nothing more happens until a new tag is pushed.";

/** What the next fact says again, each poll and slice of watching, and the tidying up. */
function untold(): null {
  return null;
}

const tellers: { readonly [T in EventType]: Teller<T> } = {
  "release-requested": untold,
  "release-queued": inWords(statusWords.queued.emoji),
  "release-began": (event) => ({
    ...inWords("🏁")(event),
    after: escaped(despiteWords(event.release), 800),
  }),
  "release-superseded": ({ byTag }, facts) => ({
    emoji: statusWords.superseded.emoji,
    words: `is superseded by ${link(facts.newerUrl ?? "", escaped(byTag, 60))}.`,
  }),
  "build-started": ({ logUrl }) => {
    const log = link(logUrl, "the log of the build");
    return { emoji: statusWords.building.emoji, words: `is being built without cache: ${log}.` };
  },
  "preflight-passed": untold,
  "preflight-warned": inWords("⚠️"),
  "preflight-failed": untold,
  "change-allowed": inWords("🔏", ": "),
  "guardrail-broken": untold,
  "settings-left": untold,
  "drift-found": (event) => ({ ...inWords("✋", ": ")(event), after: afterDrift, broadcast: true }),
  "drift-gone": inWords("👌", ": "),
  "drift-accepted": inWords("👌", ": "),
  "build-polled": untold,
  "build-lost": inWords("🔁"),
  "image-given": inWords("📥"),
  "build-succeeded": inWords(statusWords.deploying.emoji),
  "candidate-deployed": inWords(statusWords.verifying.emoji, ": "),
  "gate-passed": inWords("✅"),
  "gate-failed": untold,
  "approval-requested": (event, facts) => ({
    emoji: statusWords["awaiting-approval"].emoji,
    words: `waits for ${event.count} of ${approvers(event.from, facts.people, 8)} to approve until ${slackDate(event.expiresAt)}.`,
    broadcast: true,
  }),
  "approval-given": ({ by }, facts) => ({
    emoji: "👍",
    words: `was approved by ${mention(by.name, facts.people)}.`,
  }),
  "decision-refused": untold,
  "rollout-paused": inWords("⏸️", "was "),
  "rollout-resumed": inWords("▶️", "was "),
  "rollout-promoted": inWords("⏩", "was "),
  "step-began": untold,
  "traffic-moved": (event, facts) => ({
    ...inWords(statusWords["rolling-out"].emoji)(event),
    after: restOf(event.percent, facts),
  }),
  "watch-went-on": untold,
  "watch-failed": untold,
  "bake-began": inWords(statusWords.baking.emoji),
  "release-live": inWords(statusWords.live.emoji),
  "release-replaced": ({ by, byTag }, facts) => ({
    emoji: wordsOf({ status: "live", supersededBy: by }).emoji,
    words: `is no longer live: ${link(facts.newerUrl ?? "", escaped(byTag, 60))} is.`,
  }),
  "release-reinstated": inWords(statusWords.live.emoji),
  "rollback-began": (event, facts) => ({
    emoji: statusWords["rolling-back"].emoji,
    words: `is being rolled back: ${sentence(escaped(event.failure.message, 500))}`,
    after: `${backOnTheWay({ ...facts, wayBack: event.target })} ${hadTraffic(facts)} Next: it is said here when that is done.`,
    broadcast: true,
  }),
  "stable-restored": untold,
  "release-held": ({ failure, found }, { record }) => ({
    emoji: statusWords.held.emoji,
    words: `is held: ${sentence(escaped(failure.message, 500))}`,
    after: `Traffic: ${sharesIn(found, record)}. Gantry leaves it so until somebody rolls it back or cancels it.`,
    broadcast: true,
  }),
  "release-failed": ({ failure }, { record }) => ({
    emoji: statusWords.failed.emoji,
    words: `failed: ${sentence(escaped(failure.message, 500))}`,
    after: `${repairOf(failure)}${record.stable === null ? "No traffic was moved." : `${revisionText(record.stable)} still serves 100 %.`} ${nothingMore}`,
    broadcast: true,
  }),
  "release-rejected": ({ failure }) => ended("rejected", failure),
  "release-cancelled": ({ failure }) => ended("cancelled", failure),
  "release-rolled-back": (event, facts) => ({
    emoji: statusWords["rolled-back"].emoji,
    words: `was rolled back: ${sentence(escaped(event.failure.message, 500))}`,
    after: `${restored(facts)} Its image is in quarantine. ${nothingMore}`,
    broadcast: true,
  }),
  "digest-quarantined": untold,
  "digest-freed": ({ by, digest }, facts) => ({
    emoji: "🔓",
    words: `may be released again: ${mention(by.name, facts.people)} freed its image ${escaped(digest, 19)}.`,
  }),
  "leftovers-found": untold,
  "leftovers-tidied": untold,
  "warmup-asked": inWords("☀️"),
  "warmup-called-off": inWords("🌙"),
  "warmup-due": untold,
  "warmup-raised": untold,
  "warmup-lowered": untold,
  "warmup-left-alone": (event) => ({ ...inWords("✋")(event), broadcast: true }),
  "warmup-backed-off": (event) =>
    event.what === "minimum" && event.tries === 1 ? inWords("⚠️")(event) : null,
  "warmup-pings-began": untold,
};

function restOf(percent: number, { record }: StoryFacts): string {
  if (record.stable === null || percent >= 100) return "";
  return `${revisionText(record.stable)} serves the other ${100 - percent} %.`;
}

function hadTraffic({ record }: StoryFacts): string {
  return `${record.candidate === null ? "The candidate" : revisionText(record.candidate.revision)} last had ${record.percent} %.`;
}

function restored({ record, wayBack }: StoryFacts): string {
  const target = wayBack === undefined ? record.stable : wayBack;
  return target === null
    ? "There was no earlier revision to give the traffic to."
    : `${revisionText(target)} serves 100 % again.`;
}

/** Whether a fact has a line in the thread at all. One of a newer Gantry has none: that one tells it. */
export function isTold(type: EventType): boolean {
  const teller: unknown = entryOf(tellers, type);
  return teller !== untold && teller !== null;
}

/**
 * What the thread of a release says of a fact; null = nothing. Told to the whole channel: an approval that is needed,
 * a failure (also one that waits for a person), a rollback that begins, and one that ended.
 */
export function storyOf<T extends EventType>(event: EventOf<T>, facts: StoryFacts): StoryLine | null {
  const teller: Teller<T> | null = entryOf(tellers, event.type);
  const told = teller === null ? null : teller(event, facts);
  if (told === null) return null;
  const { emoji, words, after = "", broadcast = false } = told;
  const said = words.startsWith(":") ? words : ` ${words}`;
  const name = releaseName(facts.record);
  const text = visible(`${emoji} ${name}${said} ${after}`).replaceAll("`", "");
  const blocks = [section([`${emoji} *${name}*${said}`]), ...(after === "" ? [] : [context([after])])];
  return { content: content(text, blocks), broadcast };
}
