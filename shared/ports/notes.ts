import type { JsonValue } from "../domain/release-config.ts";

/** A note as it was read; `version` rises by one with each write. */
export type Note = Readonly<{ value: JsonValue; version: number }>;

/** Small things that Gantry remembers beside the state of its services, each under a key. Every method is atomic. */
export interface Notes {
  /** Null = nothing was ever written there. */
  read(key: string): Promise<Note | null>;
  /**
   * Durable once resolved. False = somebody wrote since version `expected` (0 = nothing was there), and nothing was
   * written. A value may have 512 KiB as JSON.
   */
  write(params: Readonly<{ key: string; value: JsonValue; expected: number }>): Promise<boolean>;
}
