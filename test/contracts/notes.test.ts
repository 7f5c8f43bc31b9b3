import { type Engine, memoryEngine, sqliteEngine } from "./embedded-engines.ts";
import { notesContract } from "./notes.contract.ts";

const opened = ({ engine, close }: Engine) => ({ notes: engine.notes, close });

notesContract({ name: "memory", open: async () => opened(memoryEngine()) });
notesContract({ name: "SQLite", open: async () => opened(sqliteEngine()) });
