import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMemory } from "../../shared/adapters/memory/open-memory.ts";
import { openSqlite } from "../../shared/adapters/sqlite/open-sqlite.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { conversationsContract } from "./conversations.contract.ts";

conversationsContract({ name: "memory", open: async () => openMemory({ clock: systemClock }) });

conversationsContract({
  name: "SQLite",
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), "gantry-conversations-"));
    const { conversations, close } = openSqlite({ file: join(folder, "gantry.db"), clock: systemClock });
    const closeAll = async (): Promise<void> => {
      await close();
      await rm(folder, { recursive: true });
    };
    return { conversations, close: closeAll };
  },
});
