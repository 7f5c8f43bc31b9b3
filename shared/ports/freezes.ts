import type { Freeze, Lifted } from "../domain/freeze.ts";
import type { Timestamp } from "../domain/ids.ts";

/** The freezes that people set, with who lifted them: kept for 90 days after they ended. Every method is atomic. */
export interface Freezes {
  /** Keeps it, durably once resolved; answers what is kept under this id, which is an earlier one where there was one. */
  add(freeze: Freeze): Promise<Freeze>;
  /** Ends it. Null = none has this id. One that was lifted before, or is over by then, stays as it is. */
  lift(params: Readonly<{ id: string; lifted: Lifted }>): Promise<Freeze | null>;
  /** Those that are not lifted and not over at that moment, begun or not, by when they were set and then by id. */
  open(params: Readonly<{ at: Timestamp }>): Promise<readonly Freeze[]>;
  /** All that are still kept, set last first, and of one moment the higher id first. */
  newest(params: Readonly<{ limit: number }>): Promise<readonly Freeze[]>;
}
