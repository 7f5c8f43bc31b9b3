import type { Command } from "../domain/commands.ts";
import type { Timestamp } from "../domain/ids.ts";
import type { ReleaseConfig } from "../domain/release-config.ts";
import type { ActiveRelease, ReleaseIn, ServiceState } from "../domain/service-state.ts";
import { AppError } from "../ports/app-error.ts";
import type { OwedWork } from "../ports/store.ts";
import type { Deps } from "./deps.ts";

/** One piece of claimed work, with the state that owes it. */
export type Job = Readonly<{
  deps: Deps;
  work: OwedWork;
  state: ServiceState;
  signal: AbortSignal;
  /** After this the invocation begins no further piece; infinite where it has no time limit. */
  until: Timestamp;
}>;

/**
 * Does the work and says what came of it, as a command. Null = the state does not owe it any more. `againMs` = nothing
 * came of it, and it is due again after so long.
 */
export type Performer = (job: Job) => Promise<Command | Again | null>;

export type Again = Readonly<{ againMs: number }>;

/** The active release, if it is the work's and in one of these statuses. */
export function activeOf<S extends ActiveRelease["status"]>(
  { work, state }: Job,
  ...statuses: readonly S[]
): ReleaseIn<S> | null {
  const { active } = state;
  const isIn = (release: ActiveRelease): release is ReleaseIn<S> =>
    statuses.some((status) => status === release.status);
  return active?.id === work.releaseId && isIn(active) ? active : null;
}

/** The config that the release began with; it is kept as long as the release. */
export async function configOf({ deps }: Job, hash: string): Promise<ReleaseConfig> {
  const config = await deps.store.config(hash);
  if (config) return config;
  throw new AppError({
    code: "store-unavailable",
    message: `The config ${hash} of a running release is not in the store.`,
    transient: false,
  });
}
