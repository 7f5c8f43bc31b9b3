import type { ReleaseConfig } from "../../domain/release-config.ts";
import type { Commit } from "../../ports/store.ts";
import type { FirestoreDatabase } from "./firestore-database.ts";
import { unpacked } from "./packed-json.ts";

const remembered = 200;

/** Configs under their hashes. One never changes, so each is read once. */
export class FirestoreConfigs {
  readonly #database: FirestoreDatabase;
  readonly #known = new Map<string, string>();

  constructor(database: FirestoreDatabase) {
    this.#database = database;
  }

  async get(hash: string): Promise<ReleaseConfig | null> {
    if (!this.#known.has(hash)) await this.#look([hash]);
    const text = this.#known.get(hash);
    return text === undefined ? null : JSON.parse(text);
  }

  /** Those that are not in the database yet, as far as anyone can tell before the write. */
  async missing(configs: Commit["configs"]): Promise<Commit["configs"]> {
    const unknown = configs.filter(({ hash }) => !this.#known.has(hash));
    if (unknown.length === 0) return [];
    await this.#look(unknown.map(({ hash }) => hash));
    return unknown.filter(({ hash }) => !this.#known.has(hash));
  }

  /** These are in the database. */
  learn(configs: Commit["configs"]): void {
    if (this.#known.size > remembered) this.#known.clear();
    for (const { hash, config } of configs) this.#known.set(hash, JSON.stringify(config));
  }

  async #look(hashes: readonly string[]): Promise<void> {
    const paths = hashes.map((hash) => this.#database.path("configs", hash));
    const found = await this.#database.get(paths, "read a config");
    for (const [n, hash] of hashes.entries()) {
      const fields = found[n]?.fields;
      if (fields !== undefined) this.learn([{ hash, config: unpacked<ReleaseConfig>(fields) }]);
    }
  }
}
