import { randomUUID } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";

/** A commit status, a deployment or a deployment status: an id, when it was made, and what the caller said. */
export type GithubRecord = Readonly<{
  id: number;
  kind: "status" | "deployment" | "deployment-status";
  repository: string;
  /** The commit of a status or deployment, the deployment of a deployment status. */
  subject: string;
  created_at: string;
  body: Readonly<Record<string, unknown>>;
}>;

/** Keeps in one file what callers told GitHub about commits and deployments; it survives a restart. */
export class GithubRecords {
  readonly #file: string;
  readonly #records: GithubRecord[];
  #last: Promise<void> = Promise.resolve();

  private constructor(file: string, records: GithubRecord[]) {
    this.#file = file;
    this.#records = records;
  }

  static async open(file: string): Promise<GithubRecords> {
    const text = await readFile(file, "utf8").catch(() => "[]");
    return new GithubRecords(file, JSON.parse(text) as GithubRecord[]);
  }

  /** Newest first. */
  list(kind: GithubRecord["kind"], repository: string, subject?: string): readonly GithubRecord[] {
    const matches = (record: GithubRecord) =>
      record.kind === kind &&
      record.repository === repository &&
      (subject === undefined || record.subject === subject);
    return this.#records.filter(matches).reverse();
  }

  async add(record: Omit<GithubRecord, "id" | "created_at">): Promise<GithubRecord> {
    const id = (this.#records.at(-1)?.id ?? 1000) + 1;
    const created_at = new Date().toISOString().replace(/\.\d+/, "");
    const added = { ...record, id, created_at };
    this.#records.push(added);
    this.#last = this.#last.then(() => this.#write());
    await this.#last;
    return added;
  }

  async #write(): Promise<void> {
    const beside = `${this.#file}.${randomUUID()}`;
    await writeFile(beside, JSON.stringify(this.#records));
    await rename(beside, this.#file);
  }
}
