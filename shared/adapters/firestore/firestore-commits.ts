import { randomUUID } from "node:crypto";
import type { Commit, CommitResult } from "../../ports/store.ts";
import type { Clock } from "../../ports/system.ts";
import { commitPath, headAfter, writesOf } from "./commit-writes.ts";
import type { DocumentCells } from "./document-cells.ts";
import { textOf } from "./document-fields.ts";
import type { FirestoreConfigs } from "./firestore-configs.ts";
import type { FirestoreDatabase, StoredDocument } from "./firestore-database.ts";
import type { Outbox } from "./outbox.ts";
import { headOf, newHead, small } from "./service-head.ts";

/** What was found where a commit is to go; `base` null = the service was never committed. */
type Ground = Readonly<{ base: StoredDocument | null }>;

/**
 * One decision, written all at once on condition that the service's document is still the one that was read, that no commit of
 * this version is there, and that its cause is new. It needs no transaction: nothing is locked while Gantry thinks. A write
 * whose answer was lost is known again by its token.
 */
export class FirestoreCommits {
  readonly #database: FirestoreDatabase;
  readonly #cells: DocumentCells;
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #configs: FirestoreConfigs;

  constructor(
    params: Readonly<{
      database: FirestoreDatabase;
      cells: DocumentCells;
      configs: FirestoreConfigs;
      outbox: Outbox;
      clock: Clock;
    }>,
  ) {
    this.#database = params.database;
    this.#cells = params.cells;
    this.#configs = params.configs;
    this.#outbox = params.outbox;
    this.#clock = params.clock;
  }

  commit(commit: Commit): Promise<CommitResult> {
    const path = this.#database.path("services", commit.service);
    return this.#cells.exclusive(path, () => this.#commit(commit, path));
  }

  async #commit(commit: Commit, path: string): Promise<CommitResult> {
    const tries = this.#database.tries(`commit to ${commit.service}`);
    const token = randomUUID();
    let ground = this.#remembered(commit, path);
    for (let sent = 0; ; sent += 1) {
      const found: Ground | CommitResult =
        ground ?? (await this.#look(commit, path, sent > 0 ? token : null));
      if ("outcome" in found) return found;
      try {
        return await this.#write({ commit, path, token, base: found.base });
      } catch (error) {
        this.#cells.forget(path);
        const { kind } = await tries.again(error);
        ground = kind === "aborted" ? found : null;
      }
    }
  }

  /** What this process read or wrote last, where that is the version that the commit names; nothing at all is version 0. */
  #remembered({ expectedVersion }: Commit, path: string): Ground | null {
    const base = this.#cells.known(path);
    if (base === null) return expectedVersion === 0 ? { base } : null;
    return headOf(base.fields).version === expectedVersion ? { base } : null;
  }

  /** Reads what decides. `token` = the commit was sent before, and may be there. */
  async #look(commit: Commit, path: string, token: string | null): Promise<Ground | CommitResult> {
    const { service, cause, expectedVersion } = commit;
    const own = commitPath(this.#database, service, expectedVersion + 1);
    const seen = this.#database.path("seen", cause ?? "-");
    const doing = `read where a commit to ${service} goes`;
    const [base = null, mine = null, known = null] = await this.#database.get(
      cause === null ? [path, own] : [path, own, seen],
      doing,
    );
    if (base !== null) this.#cells.remember(small(base));
    if (mine !== null && textOf(mine.fields, "token") === token) return committedBefore(commit, base);
    if (known !== null) return { outcome: "duplicate" };
    const version = base === null ? 0 : headOf(base.fields).version;
    return version === expectedVersion ? { base } : { outcome: "conflict" };
  }

  async #write(
    params: Readonly<{ commit: Commit; path: string; token: string; base: StoredDocument | null }>,
  ): Promise<CommitResult> {
    const { commit, path, token, base } = params;
    const { service } = commit;
    const before = base === null ? newHead : this.#outbox.told(service, headOf(base.fields));
    const now = this.#clock.now();
    const { after, claimed } = headAfter(before, commit, now);
    const configs = await this.#configs.missing(commit.configs);
    const when = base === null ? { exists: false } : { updatedAt: base.updatedAt };
    const writes = writesOf({ database: this.#database, commit, before, after, when, token, now, configs });
    const [at] = await this.#database.commit(writes, `commit to ${service}`);
    const fields = writes[0]?.fields;
    if (at !== undefined && fields !== undefined)
      this.#cells.remember(small({ path, fields, createdAt: base?.createdAt ?? at, updatedAt: at }));
    this.#configs.learn(configs);
    return { outcome: "committed", version: after.version, ...(claimed && { claimed }) };
  }
}

/** The answer to a commit whose own answer was lost. What was claimed with it is the caller's still, unless its lease ran out. */
function committedBefore({ expectedVersion, claim }: Commit, document: StoredDocument | null): CommitResult {
  const owed = document === null ? [] : headOf(document.fields).owed;
  const claimed = owed.find(
    ({ id, claimedBy, leaseUntil }) =>
      claim?.ids.includes(id) && claimedBy === claim.owner && leaseUntil === claim.now + claim.leaseMs,
  );
  return { outcome: "committed", version: expectedVersion + 1, ...(claimed && { claimed }) };
}
