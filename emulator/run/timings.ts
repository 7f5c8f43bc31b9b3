/** How fast the local Cloud Run is, in milliseconds. The real service takes seconds to minutes for the same. */
export type CloudRunTimings = Readonly<{
  /** From an accepted write to the first look at it. */
  reconcileMs: number;
  /** While traffic moves, requests go to the old and to the new split. */
  trafficLagMs: number;
  /** An instance without requests is stopped after this; the real service waits up to 15 minutes, 10 with a GPU. */
  idleMs: number;
  /** Stands for the 240 s in which a container must pass its startup probe; probe periods shrink in proportion. */
  startupBudgetMs: number;
  /** From SIGTERM to SIGKILL; 10 s in the real service. */
  shutdownGraceMs: number;
  /** How long a request waits for a free instance before 429. */
  queueMs: number;
}>;

export const DEFAULT_TIMINGS: CloudRunTimings = {
  reconcileMs: 150,
  trafficLagMs: 100,
  idleMs: 60_000,
  startupBudgetMs: 10_000,
  shutdownGraceMs: 2_000,
  queueMs: 10_000,
};
