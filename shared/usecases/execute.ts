import type { Command, RefusedCommand } from "../domain/commands.ts";
import { decide } from "../domain/decide.ts";
import type { ServiceEvent } from "../domain/events.ts";
import { evolveAll } from "../domain/evolve.ts";
import type { ReleaseId, ServiceKey } from "../domain/ids.ts";
import { owed } from "../domain/owed.ts";
import { newRecord, project } from "../domain/project.ts";
import type { ReleaseConfig } from "../domain/release-config.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import type { ServiceState } from "../domain/service-state.ts";
import type { Work, WorkKind } from "../domain/work.ts";
import { AppError } from "../ports/app-error.ts";
import type { ClaimWish, OwedWork, Versioned } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import { factOf, handOff } from "./messages.ts";
import { inTrace, tellRecorded } from "./tell-recorded.ts";

/** Times a decision is taken anew because somebody else committed in between. */
const maxConflicts = 20;

export type Execution = Readonly<{
  service: ServiceKey;
  command: Command;
  /** Id of the message behind it; a second execution with the same id changes nothing. */
  cause: string | null;
  /** The config that a new release keeps. */
  config: Readonly<{ hash: string; config: ReleaseConfig }> | null;
  /** Work that the caller goes on with itself; all other new work that is due is handed off by a message. */
  goesOnWith: (kind: WorkKind) => boolean;
  /** The state as the caller knows it: it is decided on first, and read again where that leads to no commit. */
  known?: Versioned;
  /** The caller does what is claimed with the commit at once; without it, nothing is. */
  goesOnAtOnce?: true;
}>;

/** What an invocation knows right after a commit of its own: the state, and the work that it claimed with it. */
export type Begun = Readonly<{ after: Versioned; claimed: OwedWork | null }>;

export type Executed =
  | Readonly<{ ok: true; state: ServiceState; events: readonly ServiceEvent[]; begun?: Begun }>
  | Readonly<{ ok: false; refusal: RefusedCommand }>;

/**
 * Load, decide, commit: events, new state, owed work and messages in one transaction that names the version it read.
 * A conflict means that the question is asked again of the newer state. Whatever runs here and is no longer owed is
 * told to stop.
 */
export async function execute(deps: Deps, execution: Execution): Promise<Executed> {
  for (let attempt = 0; attempt < maxConflicts; attempt++) {
    const known = attempt === 0 ? execution.known : undefined;
    const read = known ?? (await deps.store.load(execution.service));
    const decision = decide(execution.command, read.state);
    if (known !== undefined && (!decision.ok || decision.events.length === 0)) continue;
    if (!decision.ok) return { ok: false, refusal: decision.refusal };
    if (decision.events.length === 0) return { ok: true, state: read.state, events: [] };
    const committed = await commitOnce(deps, execution, read, decision.events);
    if (committed) return committed;
  }
  throw new AppError({
    code: "store-contended",
    message: `The state of ${execution.service} changed under every one of ${maxConflicts} tries to decide ${execution.command.type}.`,
    transient: true,
  });
}

async function commitOnce(
  deps: Deps,
  execution: Execution,
  read: Versioned,
  events: readonly ServiceEvent[],
): Promise<Executed | null> {
  const { service, cause, config } = execution;
  const state = evolveAll(read.state, events);
  const owedNow = owed(state);
  const releases = await recordsAfter(deps, service, events, read.records ?? []);
  const claim = execution.goesOnAtOnce ? claimWish(deps, execution, owedNow) : null;
  const result = await deps.store.commit({
    service,
    expectedVersion: read.version,
    events,
    state,
    releases,
    owed: owedNow,
    configs: config ? [config] : [],
    messages: [
      ...events.map((event) => inTrace(deps, factOf(service, event), event.releaseId)),
      ...handOffs(deps, execution, read.state, owedNow),
    ],
    cause,
    ...(claim && { claim }),
  });
  if (result.outcome === "conflict") return null;
  if (result.outcome === "duplicate") return { ok: true, state: read.state, events: [] };
  deps.running.keepOnly({ service, owed: new Set(owedNow.map(({ id }) => id)) });
  deps.onCommit();
  await tellRecorded(deps, { service, events, records: releases });
  const records = latest([...(read.records ?? []), ...releases]);
  const after = { state, version: result.version, records };
  return { ok: true, state, events, begun: { after, claimed: result.claimed ?? null } };
}

/** What the caller may go on with at once. */
function claimWish(deps: Deps, { goesOnWith }: Execution, owedNow: readonly Work[]): ClaimWish | null {
  const { owner, leaseMs } = deps.settings;
  const now = deps.clock.now();
  const ids = owedNow.filter((work) => work.dueAt <= now && goesOnWith(work.kind)).map(({ id }) => id);
  return ids.length === 0 ? null : { ids, owner, now, leaseMs };
}

function latest(records: readonly ReleaseRecord[]): readonly ReleaseRecord[] {
  return [...new Map(records.map((record) => [record.id, record])).values()];
}

/** Messages for the work that this commit brings up, is due, and is not the caller's to go on with. */
function handOffs(deps: Deps, execution: Execution, before: ServiceState, owedNow: readonly Work[]) {
  const known = new Set(owed(before).map(({ id }) => id));
  const now = deps.clock.now();
  return owedNow
    .filter((work) => !known.has(work.id) && work.dueAt <= now && !execution.goesOnWith(work.kind))
    .map((work) => inTrace(deps, handOff(work), work.releaseId));
}

async function recordsAfter(
  deps: Deps,
  service: ServiceKey,
  events: readonly ServiceEvent[],
  known: readonly ReleaseRecord[],
): Promise<readonly ReleaseRecord[]> {
  const records = new Map<ReleaseId, ReleaseRecord>();
  for (const event of events) {
    const { releaseId } = event;
    const before = records.get(releaseId) ?? known.find(({ id }) => id === releaseId);
    const record = before ?? (await recordFor(deps, service, event));
    if (record) records.set(releaseId, project(record, event));
  }
  return [...records.values()];
}

async function recordFor(
  deps: Deps,
  service: ServiceKey,
  event: ServiceEvent,
): Promise<ReleaseRecord | null> {
  if (event.type === "release-requested") return newRecord(service, event.release);
  return deps.store.release(event.releaseId);
}
