import { bytesOf, type ChatContent, content, context, mostBytes, section } from "./chat-blocks.ts";
import { escaped, link } from "./chat-escape.ts";
import type { ReleaseId } from "./ids.ts";
import { releaseName, serviceName } from "./release-facts.ts";
import type { ReleaseRecord } from "./release-record.ts";
import { type ReleaseStatus, releaseStatuses, wordsOfStatus } from "./words.ts";

/** The statuses in which a release is named however many others there are; what is worst comes first. */
const named: readonly ReleaseStatus[] = [
  "held",
  "rolling-back",
  "failed",
  "rolled-back",
  "awaiting-approval",
];

/** More lines of one status than this would push the next one out of sight. */
const mostLines = 8;

export type DigestFacts = Readonly<{
  records: readonly ReleaseRecord[];
  /** Where to read more of a release: its own message, or its page. */
  links: ReadonlyMap<ReleaseId, string>;
  consoleUrl: string; // of all releases
}>;

type Named = Readonly<{ status: ReleaseStatus; rank: number; line: string }>;

/**
 * One message in place of many: how many releases are where, and by name those that failed or wait for a person, so
 * that a thousand good ones hide none of them. Of each such status at least the first few, the newest first.
 */
export function digestMessage(facts: DigestFacts): ChatContent {
  const groups = groupsOf(facts.records);
  const lines = fitting(named.flatMap((status) => linesOf(status, groups.get(status) ?? [], facts.links)));
  const parts = named.flatMap((status) => part(status, groups.get(status) ?? [], lines));
  const counts = countsOf(groups);
  const total = facts.records.length;
  const begins = `${total} ${total === 1 ? "release" : "releases"} at once`;
  return content(`📚 ${begins}: ${counts.join(", ")}.`, [
    section([`📚 *${begins}*`, counts.join("  ·  ") || "none"]),
    ...parts,
    context([`${goodOnes(groups)} ${link(facts.consoleUrl, "See all in the console")}`.trim()]),
  ]);
}

type Groups = ReadonlyMap<ReleaseStatus, readonly ReleaseRecord[]>;

function groupsOf(records: readonly ReleaseRecord[]): Groups {
  const groups = new Map<ReleaseStatus, ReleaseRecord[]>();
  for (const record of records) {
    const group = groups.get(record.status);
    if (group === undefined) groups.set(record.status, [record]);
    else group.push(record);
  }
  for (const group of groups.values()) group.sort((left, right) => right.updatedAt - left.updatedAt);
  return groups;
}

/** Those who need somebody first, then the way of a release. */
function countsOf(groups: Groups): readonly string[] {
  const order = new Set([...named, ...releaseStatuses, ...groups.keys()]);
  return [...order].flatMap((status) => {
    const count = groups.get(status)?.length ?? 0;
    const { emoji, label } = wordsOfStatus(status);
    return count === 0 ? [] : [`${emoji} ${count} ${label.toLowerCase()}`];
  });
}

function linesOf(
  status: ReleaseStatus,
  records: readonly ReleaseRecord[],
  links: DigestFacts["links"],
): readonly Named[] {
  return records.slice(0, mostLines).map((record, rank) => {
    const name = link(links.get(record.id) ?? "", releaseName(record));
    const cause = record.failure === null ? "" : `: ${escaped(record.failure.message, 120)}`;
    return { status, rank, line: `• ${name}${cause}` };
  });
}

/** Room for the counts, the headings and the ends beside the lines. */
const bytesForRest = 3_000;

/** As many lines as there is room for, one of each status in turn; one part of a message takes 3,000 characters. */
function fitting(lines: readonly Named[]): readonly Named[] {
  const inTurn = [...lines].sort((left, right) => left.rank - right.rank);
  let room = mostBytes - bytesForRest;
  return inTurn.filter(({ line }) => {
    room -= bytesOf(line);
    return room >= 0;
  });
}

const mostCharacters = 2_900;

function part(status: ReleaseStatus, records: readonly ReleaseRecord[], fit: readonly Named[]) {
  if (records.length === 0) return [];
  const { emoji, label } = wordsOfStatus(status);
  let room = mostCharacters;
  const lines = fit
    .filter((line) => line.status === status)
    .map(({ line }) => line)
    .filter((line) => {
      room -= line.length + 1;
      return room >= 0;
    });
  const more = records.length - lines.length;
  const rest = more > 0 ? [`and ${more} more`] : [];
  return [section([`${emoji} *${label}* (${records.length})`, ...lines, ...rest])];
}

function goodOnes(groups: Groups): string {
  const others = [...groups].filter(([status]) => !named.includes(status)).flatMap(([, records]) => records);
  if (others.length === 0) return "";
  const services = new Set(others.map(({ service }) => serviceName(service))).size;
  return `The other ${others.length}, of ${services} ${services === 1 ? "service" : "services"}, go their way.`;
}
