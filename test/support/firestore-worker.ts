import process from "node:process";
import { createInterface } from "node:readline";
import { openFirestore } from "../../shared/adapters/firestore/open-firestore.ts";
import { commitOf, serviceKey } from "./fixtures.ts";
import { realClock } from "./real-clock.ts";

// `node --import tsx test/support/firestore-worker.ts HOST:PORT PROJECT WORK LEASE_MS`: claims the work, says so, and waits for
// a line; then says whether its claim still stands, and what becomes of what it decided on the state that it had read.
const [host = "", project = "", id = "", lease = "0"] = process.argv.slice(2);
const [name = "", port = ""] = host.split(":");
const leaseMs = Number(lease);
const silent = () => undefined;
const { store, close } = openFirestore({
  project,
  database: "(default)",
  endpoint: { host: name, port: Number(port), insecure: true },
  clock: realClock,
  log: { info: silent, warn: silent, error: silent },
  publish: async () => undefined,
});
const say = (fact: object): void => void process.stdout.write(`${JSON.stringify(fact)}\n`);
const owner = `worker-${process.pid}`;
const { version } = await store.load(serviceKey());
const claimed = await store.claimWork({ id, owner, now: Date.now(), leaseMs });
const attempt = claimed?.attempt ?? null;
say({ attempt });
for await (const _line of createInterface({ input: process.stdin })) {
  const renewed = await store.renewClaim({ id, owner, attempt: attempt ?? 0, now: Date.now(), leaseMs });
  const { outcome } = await store.commit(commitOf({ expectedVersion: version, owed: [] }));
  await store.releaseClaim({ id, owner, attempt: attempt ?? 0, dueAt: Date.now(), error: "late" });
  say({ renewed, outcome });
  break;
}
await close();
