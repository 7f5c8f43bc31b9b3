import type { Timestamp } from "../domain/ids.ts";

export interface Clock {
  now(): Timestamp;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(params: Readonly<{ ms: number; signal: AbortSignal }>): Promise<void>;
}

export interface Ids {
  /** Eight characters of a-z and 0-9, unguessable. */
  short(): string;
}

/** One JSON line a fact: the message is a constant sentence, values are fields. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
