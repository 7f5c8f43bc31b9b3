import { createHash } from "node:crypto";
import { z } from "zod";
import { isRepositoryName, parseTagName, type Timestamp } from "../domain/ids.ts";
import { isOlder } from "../domain/versions.ts";
import { AppError } from "../ports/app-error.ts";
import type { Note } from "../ports/notes.ts";
import type { TagList } from "../ports/source.ts";
import type { Deps } from "./deps.ts";
import { requestMessage } from "./messages.ts";
import { isFirstToday } from "./once-a-day.ts";
import { releaseIdFor } from "./release-id.ts";
import { inTrace } from "./tell-recorded.ts";

/** Tags that one look asks for at most; the next one goes on. */
const mostAtOnce = 20;

/** A repository with more tags is not looked at: what is known of them would fill more than a note may. */
const mostTags = 20_000;

/**
 * What is kept of one repository stays below the 512 KiB of a note: 13 bytes each for the tags that are known, those that vanished
 * included, and 29 for a new one. What vanished longest ago is forgotten first; what is there never is.
 */
const [mostKnown, mostFresh] = [35_000, 1_000];

const gateKey = "tags";

/** What is kept of a repository: which tags were there, as prints of name and object, and which are new. */
const seenTags = z.object({
  known: z.string(), // prints, with a blank between two; what vanished stands first, in the order in which it did
  fresh: z.record(z.string(), z.number()), // print and when it was first seen
  etag: z.string().nullable(),
});

type SeenTags = z.infer<typeof seenTags>;
type Tag = TagList["tags"][number];

/**
 * Looks for tags whose webhook was lost: GitHub sends it once, and none when more than three tags are pushed at once. At
 * the first look at a repository every tag counts as known, and a tag that is known stays so when it vanishes and comes back, so that
 * no history is ever released. A tag that is new since, and that nobody asked for within `webhookWithinMs`, is asked for as if it
 * were pushed. One process looks at a time.
 */
export async function findTags(deps: Deps): Promise<void> {
  const { clock, settings, notes } = deps;
  const { findTagsEveryMs: everyMs } = settings;
  if (everyMs === null) return;
  const gate = await notes.read(gateKey);
  const version = gate?.version ?? 0;
  const now = clock.now();
  const usually = now + everyMs;
  if (typeof gate?.value === "number" && now < gate.value) return;
  if (!(await notes.write({ key: gateKey, value: usually, expected: version }))) return;
  const next = await lookAtAll(deps, usually);
  if (next !== usually) await notes.write({ key: gateKey, value: next, expected: version + 1 });
  deps.onCommit();
}

/** When to look again: sooner where a tag may be lost, later where the git host asked to wait. */
async function lookAtAll(deps: Deps, usually: Timestamp): Promise<Timestamp> {
  let next = usually;
  for (const repository of await watchedRepositories(deps)) {
    try {
      next = Math.min(next, (await lookAt(deps, repository)) ?? next);
    } catch (error) {
      deps.log.warn({ repository, err: String(error) }, "Could not look for tags whose webhook was lost");
      const asked = error instanceof AppError ? error.context["retryAfterMs"] : null;
      if (typeof asked === "number") return Math.max(next, deps.clock.now() + asked); // it is of all repositories
    }
  }
  return next;
}

/** When the next look is due that `findTags` would take; null = nobody looks. */
export async function nextTagLookAt({ notes, settings }: Deps): Promise<Timestamp | null> {
  if (settings.findTagsEveryMs === null) return null;
  const gate = await notes.read(gateKey);
  return typeof gate?.value === "number" ? gate.value : 0;
}

/** Those that the policy names, and for its patterns those that something was released from. */
async function watchedRepositories({ policy, store }: Deps): Promise<readonly string[]> {
  const named = policy.repositories.map(({ repository }) => repository);
  const services = await store.services();
  const released = services.flatMap(({ live, active, past }) =>
    [live, active, ...past].flatMap((release) => (release === null ? [] : [release.repository])),
  );
  return [...new Set([...named, ...released])].filter((name) => isRepositoryName(name));
}

/** When to look again, where that is sooner than usual. */
async function lookAt(deps: Deps, repository: string): Promise<Timestamp | null> {
  const key = `${gateKey}/${repository.toLowerCase()}`;
  const note = await deps.notes.read(key);
  const seen = readSeen(note);
  const hasFresh = seen !== null && Object.keys(seen.fresh).length > 0;
  const list = await deps.source.listTags({ repository, etag: hasFresh ? null : (seen?.etag ?? null) });
  if (list === "unchanged") return null;
  if (list === null) {
    await warnUnseen(deps, repository);
    return null;
  }
  if (list.tags.length > mostTags) {
    deps.log.warn({ repository, tags: list.tags.length }, "Too many tags to look for lost ones among them");
    return null;
  }
  if (seen === null) {
    const known = list.tags.map(printOf).join(" ");
    await keep(deps, { key, note, seen: { known, fresh: {}, etag: list.etag } });
    deps.log.info(
      { repository, tags: list.tags.length },
      "Looked at the tags of a repository for the first time",
    );
    return null;
  }
  return takeUp(deps, { key, note, repository, list, seen });
}

async function warnUnseen(deps: Deps, repository: string): Promise<void> {
  if (await isFirstToday(deps, `${gateKey}-unseen/${repository.toLowerCase()}`))
    deps.log.warn(
      { repository },
      "The git host shows no tags of a repository: it is not there, is empty, or Gantry may not see it. Tags whose webhook is lost are not found there. Correct its name in gantry.policy.yaml, or give Gantry's token or app read access to its contents",
    );
}

function readSeen(note: Note | null): SeenTags | null {
  const parsed = seenTags.safeParse(note?.value);
  return parsed.success ? parsed.data : null;
}

/** Moves with the tag as well: a moved tag is news, as it is for the webhook. */
function printOf({ name, object }: Tag): string {
  return createHash("sha256").update(`${name} ${object}`).digest("base64url").slice(0, 12);
}

type Look = Readonly<{ key: string; note: Note | null; repository: string; list: TagList; seen: SeenTags }>;

async function takeUp(deps: Deps, look: Look): Promise<Timestamp | null> {
  const { list, seen, repository } = look;
  const now = deps.clock.now();
  const within = deps.settings.webhookWithinMs;
  const before = new Set(seen.known === "" ? [] : seen.known.split(" "));
  const listed = list.tags.map((tag) => ({ tag, print: printOf(tag) }));
  const news = listed
    .filter(({ print }) => !before.has(print))
    .map((each) => ({ ...each, since: seen.fresh[each.print] ?? now }))
    .sort((left, right) => byVersion(left.tag, right.tag));
  const lost = news.filter(({ since }) => now - since >= within).slice(0, mostAtOnce);
  await requestLost(
    deps,
    repository,
    lost.map(({ tag }) => tag),
  );
  const done = new Set([...before, ...lost.map(({ print }) => print)]);
  const fresh = news
    .filter(({ print }) => !done.has(print))
    .sort((left, right) => left.since - right.since)
    .slice(0, mostFresh);
  await keep(deps, {
    ...look,
    seen: {
      known: knownAfter(
        done,
        listed.map(({ print }) => print),
      ).join(" "),
      fresh: Object.fromEntries(fresh.map(({ print, since }) => [print, since])),
      etag: list.etag,
    },
  });
  return fresh.length === 0 ? null : Math.max(now, Math.min(...fresh.map(({ since }) => since)) + within);
}

/** A tag that vanished stays known: a mirror that is pushed anew, or a list that is empty once, makes no news of history. */
function knownAfter(done: ReadonlySet<string>, listed: readonly string[]): readonly string[] {
  const there = new Set(listed.filter((print) => done.has(print)));
  const vanished = [...done].filter((print) => !there.has(print));
  return [...vanished.slice(-(mostKnown - there.size)), ...there];
}

/** The newest version last, so that it is the one that is released. */
function byVersion(left: Tag, right: Tag): number {
  const [a, b] = [parseTagName(left.name), parseTagName(right.name)];
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (isOlder(a, b)) return -1;
  return isOlder(b, a) ? 1 : 0;
}

async function keep(
  { notes }: Deps,
  { key, note, seen }: Pick<Look, "key" | "note" | "seen">,
): Promise<void> {
  await notes.write({ key, value: seen, expected: note?.version ?? 0 });
}

/** Publishes a request for each tag that nobody asked for. The same tag at the same object is always the same request. */
async function requestLost(deps: Deps, repository: string, tags: readonly Tag[]): Promise<void> {
  if (tags.length === 0) return;
  const isAsked = await askedFor(deps, repository);
  for (const tag of tags) {
    const name = parseTagName(tag.name);
    const commit = name === null ? null : await deps.source.resolveTag({ repository, tag: name });
    if (commit === null || isAsked(tag.name, commit)) continue;
    const requestId = `sweep/${printOf(tag)}/${repository}`.slice(0, 200);
    const requestedBy = { kind: "system", name: foundBy } as const;
    const request = { requestId, repository, tag: tag.name, commit, requestedBy, explicit: false };
    const message = requestMessage({ ...request, found: true });
    await deps.bus.publish([inTrace(deps, message, releaseIdFor(requestId))]);
    deps.log.warn(
      { repository, tag: tag.name, commit },
      "Found a tag whose webhook was lost, and asked for its release",
    );
  }
}

/** Who asked for a release whose webhook was lost: nobody knows who pushed it. */
const foundBy = "the sweep, which found the tag";

const newestRefusals = 500;

/**
 * Whether this tag at this commit was taken as a release, or refused, before. That a commit is not there may have been true for
 * seconds only, so it counts as no answer; a tag is asked for once, so that this does not go on for ever.
 */
async function askedFor(
  { store }: Deps,
  repository: string,
): Promise<(tag: string, commit: string) => boolean> {
  const services = await store.services();
  const refusals = await store.refusals({ limit: newestRefusals });
  const seen = services.flatMap((service) => service.seen);
  const refused = refusals.filter(
    (each) => each.repository.toLowerCase() === repository.toLowerCase() && each.code !== "commit-not-found",
  );
  return (tag, commit) => [...seen, ...refused].some((each) => each.tag === tag && each.commit === commit);
}
