import { type ForgeStatus, forgeStatus } from "../domain/forge-status.ts";
import { parseReleaseId, type ReleaseId, type Timestamp } from "../domain/ids.ts";
import { serviceName } from "../domain/release-facts.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import { AppError } from "../ports/app-error.ts";
import type { Conversation } from "../ports/conversations.ts";
import type { ForgePort } from "../ports/forge.ts";
import type { Deps } from "./deps.ts";
import { isFirstToday } from "./once-a-day.ts";

const leaseMs = 60_000;
const callMs = 20_000;

/** How long to wait after a failure that may pass, when the forge did not say; doubled each time up to the longest. */
const backoff = { firstMs: 1_000, longestMs: 5 * 60_000 } as const;

/**
 * GitHub takes 80 requests that create something in a minute, and 500 in an hour, from all of an app's processes together
 * (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api, secondary rate limits).
 */
const pace = { everyMs: 800, burst: 40 } as const;

const forgeLane = "forge";

const prefix = "forge/";

/** What is still to be told to the forge is kept as a conversation with it: one per release, beside the one in chat. */
export function forgeKey(id: ReleaseId): string {
  return `${prefix}${id}`;
}

/** Whether a conversation is one with the forge. */
export function isWithForge(key: string): boolean {
  return key.startsWith(prefix);
}

/** The release that a conversation is about, in chat or with the forge; null = it is about many. */
export function releaseOf(key: string): ReleaseId | null {
  return parseReleaseId(isWithForge(key) ? key.slice(prefix.length) : key);
}

/** The channel of the conversations about a repository's releases. */
export function forgeChannel(repository: string): string {
  return `${prefix}${repository}`;
}

type Telling = {
  readonly deps: Deps;
  readonly forge: ForgePort;
  readonly record: ReleaseRecord;
  readonly signal: AbortSignal;
  /** Whether an earlier try may have done what this one is about to do. */
  readonly isAgain: boolean;
  conversation: Conversation;
};

/**
 * Tells the forge how a release stands, each state once. What cannot be told now is told later, and the release goes on
 * without. Whoever has the conversation claimed does it; what is told is read from the record only then, so that the
 * newest is always told last. Where the forge does not let Gantry tell it anything, that is logged and left until the
 * next fact.
 */
export async function tellForge(deps: Deps, key: string): Promise<void> {
  const { conversations, clock, settings, forge, store } = deps;
  const { owner } = settings;
  const claimed = await conversations.claim({ key, owner, now: clock.now(), leaseMs });
  if (claimed === null) return;
  const { conversation, wanted, interrupted } = claimed;
  const id = releaseOf(key);
  const record = id === null ? null : await store.release(id);
  let dueAt: Timestamp | null = null;
  let told = conversation;
  if (forge !== null && record !== null) {
    const isAgain = interrupted || conversation.attempt > 0;
    const telling = { deps, forge, record, isAgain, conversation, signal: AbortSignal.timeout(callMs) };
    dueAt = quietTime(telling) ?? (await tellAll(telling));
    told = telling.conversation;
  }
  await conversations.save({ conversation: told, owner, wanted, now: clock.now(), dueAt });
  deps.onCommit();
}

function quietTime({ conversation, deps }: Telling): Timestamp | null {
  const { quietUntil } = conversation;
  return quietUntil !== null && deps.clock.now() < quietUntil ? quietUntil : null;
}

async function tellAll(telling: Telling): Promise<Timestamp | null> {
  try {
    const waitsUntil = await tellWhatIsNew(telling);
    if (waitsUntil === null)
      telling.conversation = { ...telling.conversation, attempt: 0, lastError: null, quietUntil: null };
    return waitsUntil;
  } catch (error) {
    return laterAfter(telling, error);
  }
}

/** Null = all is told; else when it is this one's turn. */
async function tellWhatIsNew(telling: Telling): Promise<Timestamp | null> {
  const status = forgeStatus(telling.record);
  const told = { deployment: fingerprint(status.deployment), commit: fingerprint(status.commit) };
  const [deployment = "", commit = ""] = (telling.conversation.said ?? "").split("\n");
  if (told.deployment !== deployment) {
    const waits = (await openedDeployment(telling, status)) ?? (await toldDeployment(telling, status));
    if (waits !== null) return waits;
    note(telling, { said: `${told.deployment}\n${commit}` });
  }
  if (told.commit !== commit) {
    const waits = await toldCommit(telling, status);
    if (waits !== null) return waits;
    note(telling, { said: `${told.deployment}\n${told.commit}` });
  }
  return null;
}

function fingerprint(said: ForgeStatus["deployment"] | ForgeStatus["commit"]): string {
  return JSON.stringify(said);
}

async function openedDeployment(telling: Telling, { deployment }: ForgeStatus): Promise<Timestamp | null> {
  const { record, forge, signal, isAgain, conversation } = telling;
  const { repository, commit, id: release, service } = record;
  if (conversation.root !== null) return null;
  const { description } = deployment;
  return inTurn(telling, async () => {
    const asked = { repository, commit, release, environment: service, description, signal };
    const ts = await forge.openDeployment({ ...asked, mayExist: isAgain });
    note(telling, { root: { channel: conversation.channel, ts }, roots: 1 });
  });
}

async function toldDeployment(telling: Telling, { deployment }: ForgeStatus): Promise<Timestamp | null> {
  const { record, forge, signal, conversation } = telling;
  const { root } = conversation;
  if (root === null) return null;
  const { repository } = record;
  const { state, description, url: environmentUrl } = deployment;
  const logUrl = pageOf(telling);
  const words = { state, description, logUrl, environmentUrl };
  return inTurn(telling, () => forge.tellDeployment({ repository, deployment: root.ts, ...words, signal }));
}

async function toldCommit(telling: Telling, { commit: said }: ForgeStatus): Promise<Timestamp | null> {
  const { record, forge, signal } = telling;
  const { repository, commit, service } = record;
  const words = { context: `gantry/${serviceName(service)}`, ...said, url: pageOf(telling) };
  return inTurn(telling, () => forge.tellCommit({ repository, commit, ...words, signal }));
}

function pageOf({ deps, record }: Telling): string {
  return `${deps.consoleUrl()}/releases/${record.id}`;
}

/** A process that stood still for longer than its claim must not tell what is old by now. */
async function inTurn(telling: Telling, call: () => Promise<void>): Promise<Timestamp | null> {
  const { deps, conversation, signal } = telling;
  const { post } = conversation.turns;
  const now = deps.clock.now();
  if (post !== null && now < post.at) return post.at;
  const asked = { now, isUrgent: false, ticket: post?.ticket ?? null };
  const promised = await deps.conversations.takeTurn({ lane: forgeLane, pace, asked });
  note(telling, { turns: { post: promised && { ...promised, isUrgent: false }, edit: null } });
  if (promised !== null) return promised.at;
  signal.throwIfAborted();
  await call();
  return null;
}

function note(telling: Telling, changes: Partial<Conversation>): void {
  telling.conversation = { ...telling.conversation, ...changes };
}

/** When to try again; null = not before something new happens, because a person has to give a right first. */
async function laterAfter(telling: Telling, error: unknown): Promise<Timestamp | null> {
  const { deps, conversation, record } = telling;
  const now = deps.clock.now();
  const lastError = error instanceof Error ? error.message : String(error);
  const attempt = conversation.attempt + 1;
  const { repository, id: releaseId, service } = record;
  const fields = { releaseId, service, repository, attempt, err: lastError };
  if (error instanceof AppError && !error.transient) {
    note(telling, { attempt, lastError });
    await logRefusal(deps, repository, fields);
    return null;
  }
  const asked = error instanceof AppError ? error.context["retryAfterMs"] : null;
  const grown = Math.min(backoff.longestMs, backoff.firstMs * 2 ** Math.min(attempt - 1, 10));
  const waitMs = typeof asked === "number" ? asked : grown;
  const again = now + waitMs;
  if (typeof asked === "number") await deps.conversations.silence({ lane: forgeLane, pace, until: again });
  note(telling, { attempt, lastError, quietUntil: typeof asked === "number" ? again : null });
  deps.log.warn({ ...fields, waitMs }, "Could not tell the forge of a release; it is told later");
  return again;
}

/** Once a day and repository: a right that is missing is missing for every release, and each would say so. */
async function logRefusal(deps: Deps, repository: string, fields: Readonly<Record<string, unknown>>) {
  if (await isFirstToday(deps, refusalNote(repository)))
    deps.log.error(fields, "The forge does not let Gantry tell of releases; a person has to look");
}

/** Where it is noted when a forge refused last to be told of a repository's releases: milliseconds since 1970 UTC. */
export function refusalNote(repository: string): string {
  return `${prefix}refused/${repository}`;
}
