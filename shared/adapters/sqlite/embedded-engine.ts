import type { Timestamp } from "../../domain/ids.ts";
import type { Conversations } from "../../ports/conversations.ts";
import type { Freezes } from "../../ports/freezes.ts";
import type { Notes } from "../../ports/notes.ts";
import type { Store } from "../../ports/store.ts";
import type { EmbeddedBus } from "./embedded-bus.ts";

/** Store and bus of one process: the messages of a commit are in the bus exactly when the commit is in the store. */
export type EmbeddedEngine = Readonly<{
  store: Store;
  conversations: Conversations;
  freezes: Freezes;
  notes: Notes;
  bus: EmbeddedBus;
  /**
   * Forgets ids and what waits for no handler after 7 days, dead letters after 30, refusals and ended
   * freezes after 90; no release and no event. To be called now and then.
   */
  prune: (params: Readonly<{ now: Timestamp }>) => Promise<void>;
  /** Stops the bus without waiting for its handlers, commits what was asked for, and lets go. Safe to call twice. */
  close: () => Promise<void>;
}>;
