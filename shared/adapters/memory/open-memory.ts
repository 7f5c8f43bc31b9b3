import type { Clock } from "../../ports/system.ts";
import { type BusOptions, embeddedBus, fanOutOptions } from "../sqlite/bus-options.ts";
import type { EmbeddedEngine } from "../sqlite/embedded-engine.ts";
import { retentionLimits } from "../sqlite/retention.ts";
import { MemoryConversations } from "./memory-conversations.ts";
import { MemoryFreezes } from "./memory-freezes.ts";
import { MemoryNotes } from "./memory-notes.ts";
import { MemoryQueue } from "./memory-queue.ts";
import { MemoryStore } from "./memory-store.ts";

/** Like `openSqlite`, for tests and simulations: a commit and its messages are seen together or not at all. */
export function openMemory(params: Readonly<{ clock: Clock; bus?: BusOptions }>): EmbeddedEngine {
  const { clock, bus: options = {} } = params;
  const queue = new MemoryQueue({ clock, options: fanOutOptions(options) });
  const store = new MemoryStore({ clock, outbox: (messages) => queue.enqueue(messages) });
  const freezes = new MemoryFreezes();
  const bus = embeddedBus({ queue, clock, options });
  return {
    store,
    conversations: new MemoryConversations(),
    freezes,
    notes: new MemoryNotes(),
    bus,
    prune: async ({ now }) => {
      const limits = retentionLimits(now);
      store.prune(limits);
      queue.prune(limits);
      freezes.prune(limits);
    },
    close: async () => {
      await bus.stop({ graceMs: 0 });
    },
  };
}
