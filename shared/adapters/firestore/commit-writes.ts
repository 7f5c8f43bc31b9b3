import type { ServiceKey } from "../../domain/ids.ts";
import type { ReleaseRecord } from "../../domain/release-record.ts";
import type { Commit, OwedWork } from "../../ports/store.ts";
import { stateToStore } from "../../ports/stored-state.ts";
import type { FirestoreDatabase, Precondition, Write } from "./firestore-database.ts";
import { claimedFirst, reconciled } from "./owed-list.ts";
import { packed } from "./packed-json.ts";
import { fieldsOfHead, type ServiceHead } from "./service-head.ts";

const dayMs = 86_400_000;

/** A message is delivered again for 7 days at most (https://cloud.google.com/pubsub/docs/subscription-properties). */
const seenForMs = 8 * dayMs;

/** Where a commit of this version lies. */
export function commitPath(database: FirestoreDatabase, service: ServiceKey, version: number): string {
  return database.path("commits", `${service}~${version}`);
}

/** The head after the commit, with the work claimed that it goes on with. Messages count as published once their process says so. */
export function headAfter(head: ServiceHead, commit: Commit, now: number): HeadAfter {
  const version = commit.expectedVersion + 1;
  const isAllTold = head.told === head.version && commit.messages.length === 0;
  const owed = reconciled(head.owed, commit.owed);
  const claim = commit.claim === undefined ? null : claimedFirst(owed, commit.claim);
  const after = {
    version,
    sequence: head.sequence + commit.events.length,
    owed: claim?.list ?? owed,
    told: isAllTold ? version : head.told,
    untoldSince: isAllTold ? null : (head.untoldSince ?? now),
    records: recordsAfter(head, commit),
  };
  return { after, claimed: claim?.answer ?? null };
}

type HeadAfter = Readonly<{ after: ServiceHead; claimed: OwedWork | null }>;

/** Those that the next commits may change. */
function recordsAfter({ records }: ServiceHead, { state, releases }: Commit): readonly ReleaseRecord[] {
  const { active, live, queue } = state;
  const wanted = new Set([active?.id, live?.id, ...queue.map(({ id }) => id)]);
  const latest = new Map([...records, ...releases].map((record) => [record.id, record]));
  return [...latest.values()].filter(({ id }) => wanted.has(id));
}

type Params = Readonly<{
  database: FirestoreDatabase;
  commit: Commit;
  before: ServiceHead;
  after: ServiceHead;
  when: Precondition; // of the service's document
  token: string;
  now: number;
  configs: Commit["configs"]; // those that are not there yet
}>;

/** All documents of one decision; the service's own comes first. */
export function writesOf(params: Params): readonly Write[] {
  const { database, commit, when, token, now } = params;
  const causes = commit.cause === null ? [] : [commit.cause];
  return [
    { path: database.path("services", commit.service), fields: serviceFields(params), when },
    commitWrite(params),
    ...causes.map((cause) => ({
      path: database.path("seen", cause),
      fields: { service: commit.service, token, expireAt: new Date(now + seenForMs) },
      when: { exists: false },
    })),
    ...commit.releases.map((record) => ({
      path: database.path("releases", record.id),
      fields: {
        service: record.service,
        requestedAt: record.requestedAt,
        body: packed(record, `The record of ${record.id}`),
      },
    })),
    ...params.configs.map(({ hash, config }) => ({
      path: database.path("configs", hash),
      fields: { body: packed(config, `The config ${hash}`) },
    })),
  ];
}

function serviceFields({ commit, after, token }: Params) {
  return {
    key: commit.service,
    version: after.version,
    sequence: after.sequence,
    token,
    ...fieldsOfHead(after),
    records: packed(after.records, `The records of ${commit.service}`),
    body: packed(stateToStore(commit), `The state of ${commit.service}`),
  };
}

function commitWrite({ database, commit, before, after, token }: Params): Write {
  const { service, events, messages } = commit;
  return {
    path: commitPath(database, service, after.version),
    fields: {
      service,
      version: after.version,
      firstSequence: before.sequence + 1,
      releaseIds: [...new Set(events.map(({ releaseId }) => releaseId))],
      token,
      body: packed({ events, messages }, `Commit ${after.version} of ${service}`),
    },
    when: { exists: false },
    stamp: "at",
  };
}
