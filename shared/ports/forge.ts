import type { CommitState, DeploymentState } from "../domain/forge-status.ts";
import type { CommitSha, ReleaseId } from "../domain/ids.ts";

/** The deployment of one release, as the forge is to know it. */
export type ForgeDeployment = Readonly<{
  repository: string;
  commit: CommitSha;
  release: ReleaseId;
  environment: string;
  description: string;
  /** True = an earlier try may have made it: it is looked for first. */
  mayExist: boolean;
  signal: AbortSignal;
}>;

/**
 * The place where people look at commits, which is told of releases. Every call has a time limit. Throws `AppError`
 * `source-unavailable` (transient; with `context.retryAfterMs` where the forge asked to wait) or `source-denied` (a person
 * has to give a right). What is told last is what it shows.
 */
export interface ForgePort {
  /** AT MOST ONE deployment per release, also when the answer to an earlier try was lost. The forge's id of it. */
  openDeployment(deployment: ForgeDeployment): Promise<string>;
  tellDeployment(
    params: Readonly<{
      repository: string;
      deployment: string;
      state: DeploymentState;
      description: string;
      /** Where people read of the release. */
      logUrl: string;
      /** Where the service answers; null = not known. */
      environmentUrl: string | null;
      signal: AbortSignal;
    }>,
  ): Promise<void>;
  /** `context` names who tells: another word under the same one takes the place of this. */
  tellCommit(
    params: Readonly<{
      repository: string;
      commit: CommitSha;
      context: string;
      state: CommitState;
      description: string;
      url: string;
      signal: AbortSignal;
    }>,
  ): Promise<void>;
}
