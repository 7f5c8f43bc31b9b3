import type { CommitSha, TagName } from "../domain/ids.ts";

/** The git host. Reads only; throws `AppError` with `transient` for what may pass. */
export interface SourcePort {
  /** The commit that the tag names now (annotated tags are followed); null = no such tag. */
  resolveTag(params: Readonly<{ repository: string; tag: TagName }>): Promise<CommitSha | null>;
  /** Null = no such commit, or no such file at it. At most 1 MiB; larger throws. */
  readFile(params: Readonly<{ repository: string; commit: CommitSha; path: string }>): Promise<string | null>;
  commitExists(params: Readonly<{ repository: string; commit: CommitSha }>): Promise<boolean>;
  /** True when the commit is the branch's head or one of its ancestors; false also when there is no such branch. */
  isOnBranch(params: Readonly<{ repository: string; commit: CommitSha; branch: string }>): Promise<boolean>;
  /** Where Cloud Build fetches the repository from. */
  cloneUrl(repository: string): string;
}
