import type { BuildCause } from "./build-report.ts";
import type { ServiceEvent } from "./events.ts";
import type { ReleaseId } from "./ids.ts";
import type { ReleaseRecord } from "./release-record.ts";
import { entryOf } from "./schema.ts";
import type { FailureCode, FailureHelp } from "./service-state.ts";
import type { ReleaseStatus } from "./words.ts";

const watch = (record: ReleaseRecord) => [`gantry status ${record.service} --watch`];
const again = ({ tag, prebuilt }: ReleaseRecord) => [
  prebuilt === undefined ? `gantry deploy ${tag}` : `gantry deploy ${tag} --image ${prebuilt.reference}`,
];
const nextTag = () => ["git push origin NEXT_TAG   # the fixed commit under a new tag"];
const show = (id: ReleaseId) => `gantry releases show ${id}`;
const cancel = (record: ReleaseRecord) => `gantry cancel ${record.id}`;
const rollBack = (record: ReleaseRecord) => `gantry rollback ${record.service}`;

type Commands = (record: ReleaseRecord) => readonly string[];

const nextByStatus: Readonly<
  Record<Exclude<ReleaseStatus, "failed" | "rolled-back" | "rejected">, Commands>
> = {
  queued: (record) => [...watch(record), cancel(record)],
  building: (record) => [...watch(record), cancel(record)],
  deploying: (record) => [...watch(record), cancel(record)],
  verifying: (record) => [...watch(record), cancel(record)],
  "awaiting-approval": (record) => [
    `gantry approve ${record.id}`,
    `gantry reject ${record.id} --reason TEXT`,
  ],
  "rolling-out": (record) => [
    ...(record.paused ? [`gantry resume ${record.id}`] : watch(record)),
    rollBack(record),
  ],
  baking: (record) => [...watch(record), rollBack(record)],
  live: (record) => (record.supersededBy === null ? [rollBack(record)] : [show(record.supersededBy)]),
  "rolling-back": watch,
  held: (record) => [
    `${rollBack(record)}   # restore stable`,
    `${cancel(record)}   # end it, leave the traffic as it is`,
  ],
  cancelled: again,
  superseded: (record) => (record.supersededBy === null ? again(record) : [show(record.supersededBy)]),
};

const sameAgain: ReadonlySet<FailureCode> = new Set([
  "build-not-started",
  "build-cancelled",
  "build-timed-out",
  "deploy-unfinished",
  "gate-inconclusive",
  "watch-inconclusive",
  "traffic-write-failed",
  "approval-expired",
]);

/** Causes that lie outside of the commit: once they are repaired, or have passed, the same tag can be released. */
const outsideCommit: ReadonlySet<BuildCause> = new Set([
  "push-denied",
  "repository-missing",
  "push-failed",
  "queue-expired",
  "build-permission-denied",
  "source-not-fetched",
  "registry-unavailable",
  "download-failed",
]);

/** What repairs a build; Cloud Build itself being away, an image that was built elsewhere goes round it. */
function afterBuild(record: ReleaseRecord, { cause, command }: FailureHelp): readonly string[] {
  if (cause === "platform-failed")
    return [...again(record), `gantry deploy ${record.tag} --image IMAGE   # one that was built elsewhere`];
  return [...(command === null ? [] : [command]), ...(outsideCommit.has(cause) ? again(record) : nextTag())];
}

/** A fixed commit gives another image; this one comes again only when a person frees it. */
function afterQuarantine(record: ReleaseRecord, events: readonly ServiceEvent[]): readonly string[] {
  const built = events.findLast((event) => event.type === "build-succeeded" || event.type === "image-given");
  const free =
    built === undefined
      ? `gantry quarantine list ${record.service}`
      : `gantry quarantine free ${record.service} ${built.image.digest.slice(0, 19)}   # then: gantry deploy ${record.tag}`;
  return [...nextTag(), free];
}

/** What each finding says to do, then the same tag again: nothing was built that could be wrong. */
function afterPreflight(record: ReleaseRecord): readonly string[] {
  const stops = (record.findings ?? []).filter(
    ({ severity, next: what }) => severity === "stops" && what !== "",
  );
  return [
    ...stops.map(({ next: what }) => what.replaceAll(" TAG", ` ${record.tag}`)),
    `gantry plan ${record.tag}`,
  ];
}

/** What to type next, as commands; the most likely one first. */
export function nextCommands(record: ReleaseRecord, events: readonly ServiceEvent[]): readonly string[] {
  const { status, failure } = record;
  if (status !== "failed" && status !== "rolled-back" && status !== "rejected") {
    return (entryOf(nextByStatus, status) ?? watch)(record);
  }
  if (failure?.code === "traffic-ambiguous") return [...watch(record), ...again(record)];
  if (failure?.code === "service-drifted")
    return [`gantry accept ${record.service} --reason TEXT   # or put it back, then:`, ...again(record)];
  if (failure?.code === "guardrail-broken" || failure?.code === "preflight-stopped")
    return afterPreflight(record);
  if (failure?.help !== undefined && !sameAgain.has(failure.code)) return afterBuild(record, failure.help);
  if (failure?.code === "quarantined") return afterQuarantine(record, events);
  return failure !== null && sameAgain.has(failure.code) ? again(record) : nextTag();
}
