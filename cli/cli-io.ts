import type { Clock } from "../shared/ports/system.ts";
import type { LocalVerbs } from "./local-verbs.ts";

/** A stream that the CLI writes text to. Off a terminal nothing is coloured or drawn again. */
export type Sink = Readonly<{ isTty: boolean; write: (text: string) => void }>;

/** All that a verb may touch. `main.ts` makes one from the process, a test from memory. */
export type CliIo = Readonly<{
  stdout: Sink; // data
  stderr: Sink; // everything else
  /** Asks a person and gives the line that was typed; null = nobody can be asked. */
  ask: ((question: string) => Promise<string>) | null;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  zone: string; // IANA, for the times that people read
  version: string;
  fetch: typeof fetch;
  clock: Clock;
  /** Aborts at SIGINT or SIGTERM. */
  stopping: AbortSignal;
  localVerbs: LocalVerbs;
}>;
