import { z } from "zod";
import type { EventType, ServiceEvent } from "../../shared/domain/events.ts";
import type { ReleaseId, RevisionName } from "../../shared/domain/ids.ts";
import {
  describeSplit,
  isGantryTag,
  isSameSplit,
  percentOf,
  splitOf,
  tagsOf,
} from "../../shared/domain/traffic.ts";
import { releaseTagPrefix } from "../../shared/ports/build.ts";
import type { ServiceSnapshot } from "../../shared/ports/run.ts";
import { chatComplaints } from "./chat-judgement.ts";
import type { Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";
import { effectiveOf, type TrafficEntry } from "./traffic-log.ts";

/** What is looked at after every scenario, and what was found wrong, one sentence each. */
export async function complaints(
  stage: Stage,
  scenario: Scenario,
  releases: readonly ReleaseId[],
): Promise<readonly string[]> {
  const snapshot = await stage.snapshot();
  const found = await Promise.all([
    trafficComplaints(stage, scenario, snapshot),
    tagComplaints(stage, releases),
    buildComplaints(stage, releases),
    revisionComplaints(stage, releases),
    visitComplaints(stage, scenario),
    exposureComplaints(stage, releases),
    repetitionComplaints(stage, releases),
    shareComplaints(stage, releases),
    deadLetterComplaints(stage, scenario),
    chatComplaints(stage, scenario, releases),
  ]);
  const own = (await scenario.check?.(stage, releases)) ?? []; // once all is said
  return [...found.flat(), ...own];
}

/** The revisions that these releases made. */
export function candidatesOf(stage: Stage, releases: readonly ReleaseId[]): readonly RevisionName[] {
  return releases
    .flatMap((id) => stage.trail.of(id))
    .flatMap((event) => (event.type === "candidate-deployed" ? [event.candidate.revision] : []));
}

async function trafficComplaints(
  stage: Stage,
  { live }: Scenario,
  snapshot: ServiceSnapshot | null,
): Promise<readonly string[]> {
  if (snapshot === null) return ["the service does not exist in the end"];
  const effective = effectiveOf(snapshot);
  const desired = splitOf({ shares: snapshot.desired, latest: snapshot.latestReadyRevision });
  const apart = isSameSplit(effective, desired)
    ? []
    : [`${describeSplit(desired)} is asked for, but ${describeSplit(effective)} is served`];
  if (live === "split") return apart;
  const sole = await stage.soleRevision();
  const isStable = sole !== null && sole === stage.stable;
  const isRight = sole !== null && isStable === (live === "stable");
  return isRight
    ? apart
    : [...apart, `${live} should have all traffic, but there is ${describeSplit(effective)}`];
}

/** A release that ended takes its tag away; what a superseded one had on its way may come up a moment later. */
async function tagComplaints(stage: Stage, releases: readonly ReleaseId[]): Promise<readonly string[]> {
  if (releases.some((id) => stage.trail.of(id).at(-1)?.type === "release-held")) return [];
  const since = performance.now();
  for (;;) {
    const left = tagsOf((await stage.snapshot())?.desired ?? []).filter(({ tag }) => isGantryTag(tag));
    if (left.length === 0) return [];
    if (performance.now() - since > tidyWithinMs)
      return left.map(({ tag }) => `the tag ${tag} was left behind`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const tidyWithinMs = 2_000;

const buildList = z.object({ builds: z.array(z.object({ tags: z.array(z.string()).default([]) })) });

async function buildComplaints(stage: Stage, releases: readonly ReleaseId[]): Promise<readonly string[]> {
  const { host, port } = stage.cloud.build.http;
  const { builds } = buildList.parse(await (await fetch(`http://${host}:${port}/builds`)).json());
  return releases.flatMap((id) => {
    const count = builds.filter(({ tags }) => tags.includes(`${releaseTagPrefix}${id}`)).length;
    const isLost = stage.trail.of(id).some(({ type }) => type === "build-lost");
    return count <= (isLost ? 2 : 1) ? [] : [`${id} was built ${count} times`];
  });
}

async function revisionComplaints(stage: Stage, releases: readonly ReleaseId[]): Promise<readonly string[]> {
  const counts = await Promise.all(
    releases.map(async (id) => ({ id, count: (await stage.revisionsOf([id])).length })),
  );
  return counts.flatMap(({ id, count }) => (count <= 1 ? [] : [`${id} made ${count} revisions`]));
}

async function visitComplaints(
  stage: Stage,
  { live, usersMayFail = false }: Scenario,
): Promise<readonly string[]> {
  const { visits } = stage.visitors;
  const failed = visits.filter(({ status }) => status !== 200);
  const [first] = failed;
  const failures =
    usersMayFail || first === undefined
      ? []
      : [`${failed.length} of ${visits.length} requests of users failed, the first one with ${first.status}`];
  const after = live === "stable" ? await stage.visitors.ask(20) : [];
  const strange = after.filter(({ status, revision }) => status !== 200 || revision !== stage.stable);
  return strange.length === 0
    ? failures
    : [
        ...failures,
        `${strange.length} of ${after.length} requests in the end were not answered by ${stage.stable}`,
      ];
}

/** No user ever meets a candidate before its first step: by the proxy's own record, and by what users were answered. */
async function exposureComplaints(stage: Stage, releases: readonly ReleaseId[]): Promise<readonly string[]> {
  const { stable } = stage;
  if (stable === null) return [];
  const steps = releases.map(
    (id) => stage.trail.of(id).find(({ type }) => type === "step-began")?.at ?? never,
  );
  const first = Math.min(...steps);
  const strangers = stage.visitors.visits.filter(
    ({ at, status, revision }) => at < first && status === 200 && revision !== stable,
  );
  const met = await Promise.all(releases.map((id, index) => meetings(stage, id, steps[index] ?? never)));
  const told =
    strangers.length === 0
      ? []
      : [`${strangers.length} users were answered by another revision before any step`];
  return [...told, ...met.flat()];
}

const never = Number.POSITIVE_INFINITY;

async function meetings(stage: Stage, release: ReleaseId, began: number): Promise<readonly string[]> {
  const revisions = await stage.revisionsOf([release]);
  return revisions.flatMap((revision) => {
    const users = stage.requestsOf(revision).filter(({ tag, at }) => tag === "" && at < began);
    return users.length === 0 ? [] : [`${revision} answered ${users.length} users before its first step`];
  });
}

const onceOnly: readonly EventType[] = [
  "release-requested",
  "release-began",
  "build-succeeded",
  "candidate-deployed",
  "gate-passed",
  "gate-failed",
  "bake-began",
  "release-live",
  "release-failed",
  "release-rolled-back",
];

function repetitionComplaints(stage: Stage, releases: readonly ReleaseId[]): readonly string[] {
  return releases.flatMap((id) => {
    const keys = stage.trail.of(id).flatMap((event) => onceKey(event));
    const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
    return twice.map((key) => `${key} happened more than once`);
  });
}

function onceKey(event: ServiceEvent): readonly string[] {
  if (event.type === "step-began" || event.type === "traffic-moved") return [`${event.type} ${event.step}`];
  if (event.type === "build-started") return [`${event.type} ${event.buildId}`];
  return onceOnly.includes(event.type) ? [event.type] : [];
}

/** A candidate's share rises, or drops to nothing and stays there. */
function shareComplaints(stage: Stage, releases: readonly ReleaseId[]): readonly string[] {
  return candidatesOf(stage, releases).flatMap((candidate) => {
    const shares = stage.traffic.entries.map(({ split }) => percentOf(split, candidate));
    const drop = shares.findIndex((share, index) => share < (shares[index - 1] ?? 0));
    const rising = drop < 0 ? shares : shares.slice(drop);
    const isBroken = drop >= 0 && rising.some((share) => share > 0);
    return isBroken ? [`the share of ${candidate} went ${shares.join(" % → ")} %`] : [];
  });
}

const deadLetterList = z.object({
  deadletters: z.array(z.object({ topic: z.string(), lastError: z.string() })),
});

/** A message whose handler was killed too often is given up on purpose; the work that it told of is owed all the same. */
async function deadLetterComplaints(stage: Stage, { setting }: Scenario): Promise<readonly string[]> {
  const { deadletters } = deadLetterList.parse(await stage.read("/deadletters"));
  const isKill = (lastError: string) =>
    setting?.gantry === "child" && lastError.startsWith("the process ended");
  const lost = deadletters.filter(({ lastError }) => !isKill(lastError));
  return lost.map(({ topic, lastError }) => `a message on ${topic} was given up: ${lastError}`);
}

/** When stable had all traffic again at or after a moment; null = never seen. */
export function restoredAt(
  entries: readonly TrafficEntry[],
  stable: RevisionName,
  since: number,
): number | null {
  const isBack = ({ split }: TrafficEntry) => percentOf(split, stable) === 100;
  return entries.find((entry) => entry.at >= since && isBack(entry))?.at ?? null;
}
