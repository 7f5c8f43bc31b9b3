import { type ChatBlock, type ChatContent, content, context, firstThatFits, section } from "./chat-blocks.ts";
import { buttonRow } from "./chat-buttons.ts";
import { escaped, link, mention, slackDate } from "./chat-escape.ts";
import type { CheckResult, Verdict } from "./events.ts";
import { despiteWords } from "./freeze-words.ts";
import {
  type ApprovalFacts,
  github,
  newerName,
  type ReleaseFacts,
  releaseName,
  serviceName,
  spanWords,
  stepsAhead,
  trafficLine,
  trafficLines,
  trafficSteps,
  wayBackOf,
} from "./release-facts.ts";
import type { ReleaseRecord } from "./release-record.ts";
import { isExpired, wordsOf } from "./release-words.ts";
import { entryOf } from "./schema.ts";
import type { Failure } from "./service-state.ts";
import { describeSplit } from "./traffic.ts";
import type { ReleaseStatus } from "./words.ts";

/** How much is told, in UTF-16 units and lines. */
type Detail = Readonly<{ checks: number; words: number; people: number }>;

const details: readonly Detail[] = [
  { checks: 10, words: 200, people: 8 },
  { checks: 6, words: 80, people: 4 },
  { checks: 3, words: 30, people: 2 },
];

/**
 * The one message of a release, for any status: service and version, where it is and who serves what, who pushed it,
 * what changed, verdicts, what can be done. At most six blocks and `mostBytes` of JSON whatever the facts hold, within
 * every limit of Block Kit; ids of blocks are new when anything is.
 */
export function rootMessage(facts: ReleaseFacts): ChatContent {
  return firstThatFits(details.map((detail) => () => messageWith(facts, detail)));
}

function messageWith(facts: ReleaseFacts, detail: Detail): ChatContent {
  const { record } = facts;
  const checks = checkLines(untold(record), detail);
  const row = buttonRow(facts);
  const blocks: readonly (ChatBlock | null)[] = [
    section([headline(facts)]),
    section([...reason(record, detail), ...trafficLines(facts)]),
    context([origin(facts)]),
    checks.length === 0 ? null : section(checks),
    section(outlook(facts, detail)),
    row,
  ];
  return content(
    sentence(facts, detail),
    blocks.filter((block) => block !== null),
  );
}

function headline(facts: ReleaseFacts): string {
  const { record } = facts;
  const { emoji, label } = wordsOf(record);
  return `${emoji} *${escaped(serviceName(record.service), 60)}* *${escaped(record.tag, 60)}*  ·  ${label}`;
}

/** The whole of it in a sentence: what a phone shows and a screen reader reads. */
function sentence(facts: ReleaseFacts, { words }: Detail): string {
  const { record } = facts;
  const { emoji, sentence: says } = wordsOf(record);
  const cause = record.failure === null ? "." : `: ${ended(escaped(record.failure.message, words))}`;
  return `${emoji} ${releaseName(record)} ${says}${cause} ${trafficLine(facts).replaceAll("`", "")}`;
}

/** Why it ended or waits. Traffic that was found is left out: the next line tells it. */
function reason(record: ReleaseRecord, { words }: Detail): readonly string[] {
  const { failure, found, build } = record;
  const despite = record.despite === undefined ? [] : [escaped(despiteWords(record), words * 2)];
  if (failure === null) return despite;
  const message = found === null ? failure.message : failure.message.replace(`: ${describeSplit(found)}`, "");
  const repair = failure.help?.repair;
  return [
    ...despite,
    ended(escaped(message, words * 2)),
    ...(repair === undefined ? [] : [ended(escaped(repair, words * 2))]),
    ...buildLog(failure, build),
  ];
}

/** The way to the log, where the build is what failed. The log itself is not told: it may be long, and hold secrets. */
function buildLog({ help }: Failure, build: ReleaseRecord["build"]): readonly string[] {
  return help === undefined || build === null ? [] : [`${link(build.logUrl, "The log of the build")}.`];
}

function ended(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

function origin(facts: ReleaseFacts): string {
  const { record, people } = facts;
  const { requestedBy, requestedAt, service } = record;
  const place = service.split("/").slice(0, -1).join(" · ");
  const asked = requestedBy.via === undefined || requestedBy.via === "github" ? "Pushed" : "Asked for";
  const who = `${asked} by ${mention(requestedBy.name, people)}, ${slackDate(requestedAt)}`;
  const given = record.prebuilt === undefined ? "" : "  ·  image built elsewhere";
  return `${who}  ·  ${changes(facts)}${given}  ·  ${escaped(place, 80)}`;
}

/** What changed since the release before, as a link to the comparison where the source is on the web. */
function changes({ record, previous, sourceSite = github }: ReleaseFacts): string {
  const { commit, repository, tag } = record;
  const isOnWeb = sourceSite !== null && /^[\w.-]{1,100}\/[\w.-]{1,100}$/.test(repository);
  const base = isOnWeb ? `${sourceSite}/${repository}` : "";
  const short = escaped(commit.slice(0, 7), 7);
  if (previous === undefined || previous === null) return `commit ${link(`${base}/commit/${commit}`, short)}`;
  const words = `${escaped(previous.tag, 40)}...${escaped(tag, 40)}`;
  return `${link(`${base}/compare/${previous.commit}...${commit}`, words)} (${short})`;
}

const verdictMarks: Readonly<Record<Verdict, string>> = {
  fail: "❌ failed",
  inconclusive: "❔ not known",
  pass: "✅ passed",
};

const order: readonly Verdict[] = ["fail", "inconclusive", "pass"];

/** Each verdict as `measured (limit)`, what did not pass first. */
function checkLines(
  checks: readonly CheckResult[],
  { checks: most, words }: Pick<Detail, "checks" | "words">,
): readonly string[] {
  const sorted = order.flatMap((verdict) => checks.filter((check) => check.verdict === verdict));
  const lines = sorted.slice(0, most).map((check) => {
    const half = Math.ceil(words / 2);
    return `${verdictMarks[check.verdict]}  ${escaped(check.name, half)}: ${evidence(check, half)}`;
  });
  const more = sorted.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

/** Without what the reason of a failure says already, word for word. */
function untold({ checks, failure }: ReleaseRecord): readonly CheckResult[] {
  const isTold = ({ verdict, measured, limit }: CheckResult) =>
    verdict !== "pass" && failure?.message.includes(`${measured} (${limit})`) === true;
  return checks.filter((check) => !isTold(check));
}

/** A proof of identity that held names what it compared twice, and the traffic above names it a third time. */
function evidence(check: CheckResult, most: number): string {
  const warning = check.warning === undefined ? "" : ` ⚠️ ${escaped(check.warning, most)}`;
  return `${comparison(check, most)}${warning}`;
}

function comparison({ name, verdict, measured, limit }: CheckResult, most: number): string {
  const compared = `${limit}, `;
  return name === "identity" && verdict === "pass" && measured.startsWith(compared)
    ? `its URL leads to this revision; ${escaped(measured.slice(compared.length), most)}`
    : `${escaped(measured, most)} (${escaped(limit, most)})`;
}

/** What a person may do, and what happens when nobody does anything. */
function outlook(facts: ReleaseFacts, detail: Detail): readonly string[] {
  const { approval, underWay, people } = facts;
  const busy =
    underWay === undefined || underWay === null
      ? []
      : [
          `⏳ ${escaped(underWay.words, 80)} by ${mention(underWay.by.name, people)} ${slackDate(underWay.at)}.`,
        ];
  const asked = approval === undefined || approval === null ? [] : approvalLines(facts, approval, detail);
  return [...busy, ...asked, (entryOf(nextOf, facts.record.status) ?? newer)(facts)];
}

function approvalLines(
  { record, people }: ReleaseFacts,
  { approvedBy, count, from, expiresAt }: ApprovalFacts,
  { people: most }: Detail,
): readonly string[] {
  const given = approvedBy.slice(0, most).map(({ by, at }) => `${mention(by.name, people)} ${slackDate(at)}`);
  const approved =
    given.length === 0 ? [] : [`Approved by ${given.join(", ")} (${approvedBy.length} of ${count}).`];
  if (record.status !== "awaiting-approval") return approved;
  const until = expiresAt === null ? "" : ` until ${slackDate(expiresAt)}`;
  return [...approved, `Waits for ${count} of ${approvers(from, people, most)} to approve${until}.`];
}

/** Who may decide: mentioned where they are known, the first few of many. */
export function approvers(from: readonly string[], people: ReleaseFacts["people"], most: number): string {
  if (from.length === 0) return "anybody";
  const named = from.slice(0, most).map((name) => mention(name, people));
  const more = from.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

type Outlook = (facts: ReleaseFacts) => string;

const nothingMore = "Nothing more happens until a new tag is pushed.";

const rolledBack: Outlook = (facts) =>
  `${nothingMore} ${facts.record.candidate === null ? "" : "Its image stays in quarantine until somebody frees it."}`.trim();

function releaseAhead(ahead: ReleaseFacts["ahead"]): string {
  return ahead ? link(ahead.url, escaped(ahead.tag, 60)) : "the release before it";
}

function afterwards({ record }: ReleaseFacts): string {
  const ahead = stepsAhead(record);
  return ahead.length > 0 ? trafficSteps(ahead) : `it bakes for ${spanWords(record.plan.bakeMs)}`;
}

const newer: Outlook = () => "Only a newer Gantry knows what comes next, and tells it.";

const nextOf: Readonly<Record<ReleaseStatus, Outlook>> = {
  queued: ({ ahead }) => `It begins when ${releaseAhead(ahead)} has ended.`,
  building: () => "Next it is deployed without traffic.",
  deploying: () => "Next it is verified without traffic.",
  verifying: (facts) =>
    facts.record.plan.approval.required
      ? "Next somebody is asked to approve it."
      : `Next: ${afterwards(facts)}.`,
  "awaiting-approval": (facts) => `Once approved: ${afterwards(facts)}.`,
  "rolling-out": (facts) =>
    facts.record.paused
      ? `Nothing moves until somebody resumes it; then: ${afterwards(facts)}.`
      : `Next: ${afterwards(facts)}.`,
  baking: ({ record }) =>
    `It is live after ${spanWords(record.plan.bakeMs)} in which it does as well as allowed.`,
  live: ({ record }) =>
    record.supersededBy === null ? "Nothing has to be done." : "Nothing more happens with this release.",
  "rolling-back": (facts) => {
    const target = wayBackOf(facts);
    return target === null ? nothingMore : "Once it is back, nothing more happens until a new tag is pushed.";
  },
  held: () => "Gantry leaves it so until somebody rolls it back or cancels it.",
  failed: () => nothingMore,
  "rolled-back": rolledBack,
  rejected: ({ record }) =>
    isExpired(record) ? `To ask again: \`gantry deploy ${escaped(record.tag, 60)}\`.` : nothingMore,
  cancelled: () => nothingMore,
  superseded: (facts) => `${newerName(facts)} takes its place.`,
};
