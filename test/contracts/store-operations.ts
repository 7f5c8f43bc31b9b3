import fc from "fast-check";
import type { Store } from "../../shared/ports/store.ts";
import {
  commitOf,
  monday,
  numberedService,
  releaseId,
  releaseRecord,
  requested,
  work,
} from "../support/fixtures.ts";

/** One thing that somebody asks of a store. */
export type Operation =
  | Readonly<{ kind: "commit"; service: number; stale: boolean; owed: readonly number[]; cause: number }>
  | Readonly<{ kind: "claim" | "renew"; piece: number; owner: number; attempt: number; leaseMs: number }>
  | Readonly<{ kind: "release"; piece: number; owner: number; attempt: number; waitMs: number }>
  | Readonly<{ kind: "pass"; ms: number }>;

const small = (max: number) => fc.integer({ min: 0, max });
const attempt = fc.integer({ min: 1, max: 2 });
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    kind: fc.constant("commit" as const),
    service: small(1),
    stale: fc.boolean(),
    owed: fc.uniqueArray(small(3)),
    cause: small(20),
  }),
  fc.record({
    kind: fc.constantFrom("claim" as const, "renew" as const),
    piece: small(7),
    owner: small(2),
    attempt,
    leaseMs: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({
    kind: fc.constant("release" as const),
    piece: small(7),
    owner: small(2),
    attempt,
    waitMs: small(20),
  }),
  fc.record({ kind: fc.constant("pass" as const), ms: small(20) }),
);

/** Pieces 0-3 belong to service 0, 4-7 to service 1; the even ones share a lane. */
function piece(n: number) {
  const service = numberedService(n < 4 ? 0 : 1);
  return work({ service, of: String(n), dueAt: monday + n * 5, lane: n % 2 === 0 ? "traffic" : null });
}

/** Its answer. */
export async function perform(store: Store, operation: Operation, now: number): Promise<unknown> {
  switch (operation.kind) {
    case "commit": {
      const service = numberedService(operation.service);
      const { version } = await store.load(service);
      const id = releaseId(`release-${operation.service}-${version}`);
      const requestedAt = now - (version % 3);
      return store.commit(
        commitOf({
          service,
          expectedVersion: operation.stale ? version - 1 : version,
          events: [{ ...requested(), releaseId: id }],
          releases: [releaseRecord({ id, service, requestedAt })],
          owed: operation.owed.map((n) => piece(n + 4 * operation.service)),
          cause: operation.cause === 0 ? null : `cause-${operation.cause}`,
        }),
      );
    }
    case "claim":
    case "renew": {
      const claim = { id: piece(operation.piece).id, owner: `owner-${operation.owner}`, now };
      const { attempt, leaseMs } = operation;
      return operation.kind === "claim"
        ? store.claimWork({ ...claim, leaseMs })
        : store.renewClaim({ ...claim, attempt, leaseMs });
    }
    case "release": {
      const { attempt } = operation;
      const claim = { id: piece(operation.piece).id, owner: `owner-${operation.owner}`, attempt };
      return store.releaseClaim({ ...claim, dueAt: now + operation.waitMs, error: null });
    }
    case "pass":
      return null;
  }
}

/** All that can be asked of the store. */
export async function everything(store: Store, now: number) {
  const services = [numberedService(0), numberedService(1)];
  const before = { requestedAt: now - 1, id: releaseId("release-1-1") };
  return {
    states: await Promise.all(services.map((service) => store.load(service))),
    owed: await Promise.all(services.map((service) => store.owedWork(service))),
    due: await store.dueWork({ now, limit: 5 }),
    nextDueAt: await store.nextDueAt(),
    releases: await store.releases({ service: null, limit: 5, before }),
    ofService: await store.releases({ service: numberedService(1), limit: 3, before: null }),
    events: await store.eventsAfter({ after: 1, limit: 100 }),
    last: await store.lastPosition(),
  };
}
