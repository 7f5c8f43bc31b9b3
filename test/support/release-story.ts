import type { Command, CommandOf, FoundChanges } from "../../shared/domain/commands.ts";
import { decide } from "../../shared/domain/decide.ts";
import { evolveAll } from "../../shared/domain/evolve.ts";
import type { Finding } from "../../shared/domain/finding.ts";
import { parseBuildId, type ReleaseId } from "../../shared/domain/ids.ts";
import { newRecord, project } from "../../shared/domain/project.ts";
import type { ReleaseRecord } from "../../shared/domain/release-record.ts";
import {
  type Actor,
  type Candidate,
  type Failure,
  newService,
  type ReleaseBasics,
} from "../../shared/domain/service-state.ts";
import type { Split } from "../../shared/domain/traffic.ts";
import {
  candidate,
  image,
  monday,
  person,
  releaseBasics,
  releaseId,
  revisionName,
  serviceKey,
  tagName,
} from "./fixtures.ts";
import { serviceSettings } from "./settings.ts";

export const minute = 60_000;
export const stable = revisionName("background-removal-00001");
export const first = releaseBasics();
export const second = releaseBasics({ id: releaseId("release-2"), tag: tagName("v1.1.0") });
export const third = releaseBasics({ id: releaseId("release-3"), tag: tagName("v1.2.0") });
export const broken: Failure = { code: "build-failed", message: "step 0 failed" };
export const approver: Actor = { kind: "person", name: "maya" };

export function buildId(text = "build-1") {
  const id = parseBuildId(text);
  if (id === null) throw new Error(text);
  return id;
}

type At = Readonly<{ at?: number; id?: ReleaseId }>;

/** The commands that carry a release on its way, with what they usually say. */
export const say = {
  request: (
    release: ReleaseBasics = first,
    changes: Partial<CommandOf<"request-release">> = {},
  ): Command => ({
    type: "request-release",
    at: monday,
    releaseId: release.id,
    release,
    explicit: false,
    ...changes,
  }),
  preflight: (
    findings: readonly Finding[] = [],
    { at = monday, id = first.id }: At = {},
    changes: FoundChanges | null = null,
  ): Command => ({ type: "finish-preflight", at, releaseId: id, findings, changes }),
  buildStarted: ({ at = monday, id = first.id }: At = {}, build = buildId()): Command => ({
    type: "note-build-started",
    at,
    releaseId: id,
    buildId: build,
    logUrl: "http://log",
  }),
  buildWorking: ({ at = monday, id = first.id }: At = {}, build = buildId()): Command => ({
    type: "note-build-working",
    at,
    releaseId: id,
    buildId: build,
  }),
  built: ({ at = monday, id = first.id }: At = {}, built = image(), build = buildId()): Command => ({
    type: "finish-build",
    at,
    releaseId: id,
    buildId: build,
    result: { image: built },
  }),
  buildFailed: ({ at = monday, id = first.id }: At = {}, build = buildId()): Command => ({
    type: "finish-build",
    at,
    releaseId: id,
    buildId: build,
    result: { failure: broken },
  }),
  /** The platform failed, not what was built. */
  buildLost: ({ at = monday, id = first.id }: At = {}, build = buildId()): Command => ({
    type: "finish-build",
    at,
    releaseId: id,
    buildId: build,
    result: { failure: broken, isTransient: true },
  }),
  deployed: (
    { at = monday, id = first.id }: At = {},
    to: Candidate = candidate(),
    from: typeof stable | null = stable,
    left: CommandOf<"finish-deploy">["left"] = undefined,
  ): Command => ({
    type: "finish-deploy",
    at,
    releaseId: id,
    result: { candidate: to, stable: from },
    ...(left === undefined ? {} : { left }),
  }),
  changed: (
    rows: FoundChanges["rows"],
    { at = monday, id = first.id }: At = {},
    leftAt: number = monday,
  ): Command => ({
    type: "report-changes",
    at,
    releaseId: id,
    leftAt,
    rows,
    by: null,
    settings: serviceSettings(),
    serving: stable,
  }),
  accept: ({ at = monday, id = first.id }: At = {}): Command => ({
    type: "accept-changes",
    at,
    releaseId: id,
    by: person,
    reason: "on purpose",
  }),
  deployFailed: ({ at = monday, id = first.id }: At = {}): Command => ({
    type: "finish-deploy",
    at,
    releaseId: id,
    result: { failure: { code: "candidate-not-ready", message: "it did not start" } },
  }),
  gate: (
    verdict: "pass" | "fail" | "inconclusive" = "pass",
    { at = monday, id = first.id }: At = {},
    approvalId = "approval-1",
  ): Command => ({
    type: "finish-gate",
    at,
    releaseId: id,
    verdict,
    checks: [{ name: "health", verdict, measured: "500", limit: "200" }],
    approvalId,
  }),
  approve: (
    by: Actor = approver,
    { at = monday, id = first.id }: At = {},
    groups: readonly string[] = ["@ml-oncall"],
    approvalId: string | null = "approval-1",
  ): Command => ({ type: "approve", at, releaseId: id, by, groups, approvalId }),
  reject: (
    by: Actor = approver,
    { at = monday, id = first.id }: At = {},
    reason = "not today",
    approvalId: string | null = "approval-1",
    groups: readonly string[] = ["@ml-oncall"],
  ): Command => ({ type: "reject", at, releaseId: id, by, groups, approvalId, reason }),
  pause: ({ at = monday, id = first.id }: At = {}): Command => ({
    type: "pause",
    at,
    releaseId: id,
    by: person,
  }),
  resume: ({ at = monday, id = first.id }: At = {}): Command => ({
    type: "resume",
    at,
    releaseId: id,
    by: person,
  }),
  promote: ({ at = monday, id = first.id }: At = {}): Command => ({
    type: "promote",
    at,
    releaseId: id,
    by: person,
  }),
  failWaiting: ({ at = monday, id = first.id }: At = {}): Command => ({
    type: "fail-waiting",
    at,
    releaseId: id,
    checks: [{ name: "health", verdict: "fail", measured: "500", limit: "200" }],
  }),
  expire: ({ at = monday, id = first.id }: At = {}): Command => ({
    type: "expire-approval",
    at,
    releaseId: id,
  }),
  moved: (
    step: number,
    { at = monday, id = first.id }: At = {},
    failure: Failure | null = null,
  ): Command => ({ type: "finish-move", at, releaseId: id, step, failure }),
  watched: (
    step: number | null,
    slice: number,
    { at = monday, id = first.id }: At = {},
    verdict: "pass" | "fail" | "inconclusive" = "pass",
  ): Command => ({
    type: "finish-slice",
    at,
    releaseId: id,
    step,
    slice,
    verdict,
    checks: [{ name: "errors", verdict, measured: "3 of 3", limit: "1 %" }],
  }),
  drift: (found: Split, { at = monday, id = first.id }: At = {}): Command => ({
    type: "report-drift",
    at,
    releaseId: id,
    found,
  }),
  restored: ({ at = monday, id = first.id }: At = {}): Command => ({
    type: "finish-restore",
    at,
    releaseId: id,
  }),
  tidied: ({ at = monday, id = first.id }: At = {}, found = 1): Command => ({
    type: "finish-tidy",
    at,
    releaseId: id,
    found,
  }),
  left: (
    what: Pick<CommandOf<"report-leftovers">, "build" | "candidate">,
    { at = monday, id = first.id }: At = {},
  ): Command => ({ type: "report-leftovers", at, releaseId: id, ...what }),
  giveUp: (work: CommandOf<"give-up">["work"], { at = monday, id = first.id }: At = {}): Command => ({
    type: "give-up",
    at,
    releaseId: id,
    work,
    failure: broken,
  }),
  cancel: ({ at = monday, id = first.id }: At = {}, reason = ""): Command => ({
    type: "cancel",
    at,
    releaseId: id,
    by: person,
    reason,
  }),
  rollBack: (
    to: typeof stable | null = null,
    { at = monday, id = first.id }: At = {},
    reason = "",
  ): Command => ({ type: "roll-back", at, releaseId: id, by: person, reason, to }),
  free: (digest = image().digest): Command => ({
    type: "free-digest",
    at: monday,
    releaseId: first.id,
    by: person,
    digest,
  }),
};

/** The commands of a release up to the named point. */
export function upTo(
  point: "building" | "deploying" | "verifying" | "rolling-out" | "baking" | "live",
  release: ReleaseBasics = first,
  to: Candidate = candidate(),
): readonly Command[] {
  const of = { id: release.id };
  const all: readonly (readonly [string, readonly Command[]])[] = [
    ["building", [say.request(release, { explicit: true }), say.buildStarted(of)]],
    ["deploying", [say.built(of, to.image)]],
    ["verifying", [say.deployed(of, to)]],
    ["rolling-out", [say.gate("pass", of), say.moved(0, of)]],
    [
      "baking",
      [
        say.watched(0, 0, { ...of, at: monday + minute }),
        say.moved(1, { ...of, at: monday + minute }),
        say.watched(1, 0, { ...of, at: monday + minute }),
      ],
    ],
    ["live", [say.watched(null, 0, { ...of, at: monday + 2 * minute })]],
  ];
  const end = all.findIndex(([name]) => name === point);
  return all.slice(0, end + 1).flatMap(([, commands]) => commands);
}

/** The record of a release after these commands, of which none may be refused. */
export function recordAfter(release: ReleaseBasics, commands: readonly Command[]): ReleaseRecord {
  let state = newService(serviceKey());
  let record = newRecord(state.key, release);
  for (const command of commands) {
    const decision = decide(command, state);
    if (!decision.ok) throw new Error(`${command.type} was refused: ${decision.refusal.message}`);
    state = evolveAll(state, decision.events);
    for (const event of decision.events) record = project(record, event);
  }
  return record;
}
