import { busContract } from "./bus.contract.ts";
import { asBus, asStore, memoryEngine, sqliteEngine } from "./embedded-engines.ts";
import { storeContract } from "./store.contract.ts";

storeContract({ name: "memory", open: async () => asStore(memoryEngine()) });
storeContract({ name: "SQLite", open: async () => asStore(sqliteEngine()) });
busContract({ name: "memory", open: async () => asBus(memoryEngine()) });
busContract({ name: "SQLite", open: async () => asBus(sqliteEngine()) });
