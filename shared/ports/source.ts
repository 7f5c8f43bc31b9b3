import type { CommitSha, TagName, Timestamp } from "../domain/ids.ts";

/** The tags of a repository. `object` is what a tag names: a commit, or the tag object that leads to it. */
export type TagList = Readonly<{
  tags: readonly Readonly<{ name: string; object: string }>[];
  /** Handed back with the next question, which then costs little where nothing changed; null = it cannot be. */
  etag: string | null;
}>;

/** The git host. Reads only; throws `AppError` with `transient` for what may pass. */
export interface SourcePort {
  /** The commit that the tag names now (annotated tags are followed); null = no such tag. */
  resolveTag(params: Readonly<{ repository: string; tag: TagName }>): Promise<CommitSha | null>;
  /** Null = no such repository, or none that Gantry may see; `unchanged` = what the etag stands for. */
  listTags(
    params: Readonly<{ repository: string; etag: string | null }>,
  ): Promise<TagList | "unchanged" | null>;
  /** Null = no such commit, or no such file at it. At most 1 MiB; larger throws. */
  readFile(params: Readonly<{ repository: string; commit: CommitSha; path: string }>): Promise<string | null>;
  /** When the commit was made, as git says; null = there is no such commit. */
  committedAt(params: Readonly<{ repository: string; commit: CommitSha }>): Promise<Timestamp | null>;
  /** True when the commit is the branch's head or one of its ancestors; false also when there is no such branch. */
  isOnBranch(params: Readonly<{ repository: string; commit: CommitSha; branch: string }>): Promise<boolean>;
  /** Where Cloud Build fetches the repository from. */
  cloneUrl(repository: string): string;
}
