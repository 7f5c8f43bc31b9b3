import type { Timestamp } from "../domain/ids.ts";

/** A message that was given up, byte for byte as it was, so that it can be delivered again. */
export type LaidAside = Readonly<{
  id: string; // `dead-` and what tells it apart
  subscription: string;
  topic: string;
  data: string; // base64
  attributes: Readonly<Record<string, string>>;
  attempts: number;
  lastError: string;
  deadAt: Timestamp;
  replayedAt: Timestamp | null;
  /** How many bytes its data had, where only the first of them are kept: it cannot be delivered again. */
  cutFrom?: number;
}>;

/** So many bytes of data every implementation keeps, whatever else the letter says within the limits of Pub/Sub. */
export const mostKeptBytes = 720 * 1024;

/** Messages that were given up, for a bus that does not keep them itself. Every method is atomic. */
export interface DeadLetters {
  /** Keeps it, durably once resolved. One that is kept under this id already stays as it is. */
  keep(letter: LaidAside): Promise<void>;
  /** By when they were given up, newest first. */
  newest(params: Readonly<{ limit: number }>): Promise<readonly LaidAside[]>;
  /** Null = none has this id. */
  get(id: string): Promise<LaidAside | null>;
  /** Notes that it was delivered again; does nothing when none has this id. */
  replayed(params: Readonly<{ id: string; at: Timestamp }>): Promise<void>;
}
