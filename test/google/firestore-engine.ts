import type { FirestoreOptions } from "../../shared/adapters/firestore/open-firestore.ts";
import { type FirestoreEngine, openFirestore } from "../../shared/adapters/firestore/open-firestore.ts";
import type { OutgoingMessage } from "../../shared/ports/bus.ts";
import type { Log } from "../../shared/ports/system.ts";
import { uniqueProject } from "../support/google-emulators.ts";
import { realClock } from "../support/real-clock.ts";

export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** An engine on a project of its own in the emulator at this address, and what it published. */
export function firestoreEngine(
  host: string,
  changes: Partial<FirestoreOptions> = {},
): Readonly<{ engine: FirestoreEngine; published: OutgoingMessage[]; project: string }> {
  const published: OutgoingMessage[] = [];
  const [name = "", port = ""] = host.split(":");
  const project = changes.project ?? uniqueProject();
  const engine = openFirestore({
    project,
    database: "(default)",
    endpoint: { host: name, port: Number(port), insecure: true },
    clock: realClock,
    log: silentLog,
    publish: async (messages) => {
      published.push(...messages);
    },
    ...changes,
  });
  return { engine, published, project };
}
