import type { EventOf } from "../../shared/domain/events.ts";
import {
  type CommitSha,
  parseCommitSha,
  parseImageDigest,
  parseReleaseId,
  parseRevisionName,
  parseServiceKey,
  parseTagName,
  type ReleaseId,
  type RevisionName,
  type ServiceKey,
  type TagName,
  type Timestamp,
} from "../../shared/domain/ids.ts";
import type { ReleaseConfig } from "../../shared/domain/release-config.ts";
import type { ReleaseRecord } from "../../shared/domain/release-record.ts";
import {
  type Actor,
  type Candidate,
  type Image,
  newService,
  type Plan,
  type ReleaseBasics,
  type ServiceState,
} from "../../shared/domain/service-state.ts";
import type { Work, WorkKind } from "../../shared/domain/work.ts";
import type { Commit, Refusal } from "../../shared/ports/store.ts";

/** Monday 5 January 2026, 09:00 UTC: the moment at which fixtures happen. */
export const monday: Timestamp = Date.UTC(2026, 0, 5, 9);

function parsed<T>(value: T | null, text: string): T {
  if (value === null) throw new Error(`a fixture uses ${JSON.stringify(text)}, which its parser refuses`);
  return value;
}

export function serviceKey(text = "gantry-test/europe-west1/background-removal"): ServiceKey {
  return parsed(parseServiceKey(text), text);
}

/** The key of the n-th of many services. */
export function numberedService(n: number): ServiceKey {
  return serviceKey(`gantry-test/europe-west1/service-${n}`);
}

export function releaseId(text = "release-1"): ReleaseId {
  return parsed(parseReleaseId(text), text);
}

export function tagName(text = "v1.0.0"): TagName {
  return parsed(parseTagName(text), text);
}

export function revisionName(text = "background-removal-00001"): RevisionName {
  return parsed(parseRevisionName(text), text);
}

/** A commit that starts with the given hex digits. */
export function commitSha(start = "c0ffee"): CommitSha {
  const text = start.padEnd(40, "0");
  return parsed(parseCommitSha(text), text);
}

/** An image whose digest starts with the given hex digits. */
export function image(start = "d1"): Image {
  const text = `sha256:${start.padEnd(64, "0")}`;
  return {
    name: "europe-west1-docker.pkg.dev/gantry-test/images/background-removal",
    digest: parsed(parseImageDigest(text), text),
  };
}

export const person: Actor = { kind: "person", name: "ada" };

export function candidate(changes: Partial<Candidate> = {}): Candidate {
  return {
    revision: revisionName("background-removal-00002"),
    tag: "g-release-1",
    url: "https://g-release-1---background-removal.test",
    image: image(),
    ...changes,
  };
}

/** Two steps, no approval, short waits. */
export function plan(changes: Partial<Plan> = {}): Plan {
  return {
    steps: [
      { percent: 10, holdMs: 60_000 },
      { percent: 100, holdMs: 0 },
    ],
    bakeMs: 60_000,
    approval: { required: false, from: [], count: 0, authorMayApprove: false, expiresMs: 3_600_000 },
    onFailure: "rollback",
    buildDeadlineMs: 1_800_000,
    pollBuildEveryMs: 60_000,
    sliceMs: 10_000,
    watchWaitingEveryMs: 60_000,
    ...changes,
  };
}

export function releaseBasics(changes: Partial<ReleaseBasics> = {}): ReleaseBasics {
  return {
    id: releaseId(),
    tag: tagName(),
    commit: commitSha(),
    repository: "perkie/background-removal",
    requestedBy: person,
    requestedAt: monday,
    configHash: "config-1",
    plan: plan(),
    ...changes,
  };
}

export function releaseRecord(changes: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return {
    ...releaseBasics(),
    service: serviceKey(),
    status: "building",
    build: null,
    candidate: null,
    stable: null,
    percent: 0,
    nextPercent: null,
    paused: false,
    approval: null,
    checks: [],
    approvedBy: [],
    failure: null,
    supersededBy: null,
    supersededByTag: null,
    found: null,
    updatedAt: monday,
    endedAt: null,
    ...changes,
  };
}

/** A service whose first release is being built. */
export function serviceState(changes: Partial<ServiceState> = {}): ServiceState {
  const key = changes.key ?? serviceKey();
  return { ...newService(key), active: { ...releaseBasics(), status: "building", build: null }, ...changes };
}

export function releaseConfig(changes: Partial<ReleaseConfig> = {}): ReleaseConfig {
  return {
    service: { project: "gantry-test", region: "europe-west1", name: "background-removal" },
    source: { repository: "perkie/background-removal", tags: "v*.*.*", directory: "" },
    build: { config: null, repository: null, timeoutMs: 1_800_000, substitutions: {} },
    guardrails: {
      gpu: null,
      cpu: null,
      memoryBytes: null,
      concurrency: null,
      instances: null,
      timeoutMs: null,
      executionEnvironment: null,
      serviceAccount: null,
      ingress: null,
      secrets: null,
      probes: null,
    },
    runtime: { env: {}, port: null, serviceAccount: null },
    verify: {
      withinMs: 60_000,
      coldStart: null,
      memoryBelow: null,
      gpu: null,
      startupLogs: null,
      checks: [],
    },
    approval: plan().approval,
    rollout: {
      steps: plan().steps,
      watch: { everyMs: 1000, maxErrorShare: 0.01, latencyP95Ms: null, latencyIncrease: null },
      bakeMs: 60_000,
      onFailure: "rollback",
    },
    warmup: null,
    notify: { slack: null },
    ...changes,
  };
}

export function requested(release: ReleaseBasics = releaseBasics()): EventOf<"release-requested"> {
  return { type: "release-requested", at: release.requestedAt, releaseId: release.id, release };
}

export function began(release: ReleaseBasics = releaseBasics()): EventOf<"release-began"> {
  return { type: "release-began", at: release.requestedAt, releaseId: release.id, release };
}

/** Work of release `release-1`; its id says its kind and `of` where there is more than one of that kind. */
export function work(changes: Partial<Work> & Readonly<{ kind?: WorkKind; of?: string }> = {}): Work {
  const { of = "0", ...fields } = changes;
  const { kind = "start-build", releaseId: release = releaseId() } = fields;
  return {
    id: `${release}/${kind}/${of}`,
    kind,
    service: serviceKey(),
    releaseId: release,
    dueAt: monday,
    lane: null,
    ...fields,
  };
}

/** The first commit of a service: one event, nothing else. */
export function commitOf(changes: Partial<Commit> = {}): Commit {
  const service = changes.service ?? serviceKey();
  return {
    service,
    expectedVersion: 0,
    events: [requested()],
    state: serviceState({ key: service }),
    releases: [],
    owed: [],
    configs: [],
    messages: [],
    cause: null,
    ...changes,
  };
}

export function refusal(changes: Partial<Refusal> = {}): Refusal {
  return {
    id: "refusal-1",
    at: monday,
    repository: "perkie/background-removal",
    tag: "v1.0.0",
    commit: commitSha(),
    service: serviceKey(),
    requestedBy: "ada",
    code: "config-invalid",
    message: "gantry.yaml has errors",
    problems: ["gantry.yaml:3:5 rollout.steps: the last step must be 100%"],
    ...changes,
  };
}
