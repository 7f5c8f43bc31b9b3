import { join } from "node:path";
import { verifyGithub } from "../service/hooks/verify-github.ts";
import { openSqlite } from "../shared/adapters/sqlite/open-sqlite.ts";
import { systemClock } from "../shared/adapters/system/system-clock.ts";
import { topics } from "../shared/ports/bus.ts";
import { createDesk } from "../shared/usecases/gantry-desk.ts";
import { bareCommits } from "./bare-sqlite.ts";
import { BenchEngine } from "./bench-engine.ts";
import type { Bench, Benchmark } from "./benchmark.ts";
import { type Figure, ratio, single, spread } from "./figures.ts";
import { startHookSender } from "./hook-sender.ts";
import { startHookServer } from "./hook-server.ts";
import { webhookFor } from "./webhook.ts";

const secret = "the bench's own secret";
const checks = 5_000;
const warmUps = 500;
const webhooks = 1_000;

/** The border alone: the signature over a real payload, and a webhook until it is on the disk and answered. */
export const verify: Benchmark = {
  about: "a signature of GitHub's, and a whole webhook until it is durable and answered",
  limitMs: 60_000,
  run: async (bench) => {
    const signature = await signatures();
    const bare = bareCommits(bench.directory, 1_000);
    const hooks = await answered(bench);
    return [
      signature,
      single({ name: "signatures per second and core", unit: "/s", aim: "20,000 /s" }, 1e6 / signature.p50),
      ...hooks.map(({ figure }) => figure),
      ...hooks.map(({ perSecond }) => perSecond),
      bare,
      ...hooks.slice(0, 1).map(({ figure }) => ratio("webhook alone against bare commit, p50", figure, bare)),
    ];
  },
};

async function signatures(): Promise<Figure> {
  const { body, headers } = webhookFor({ number: 1, tag: "v1.0.0", secret });
  const rawBody = new TextEncoder().encode(body);
  const told = {
    signature: headers["x-hub-signature-256"],
    delivery: headers["x-github-delivery"],
    event: headers["x-github-event"],
  };
  const took: number[] = [];
  for (let run = 0; run < warmUps + checks; run += 1) {
    const began = performance.now();
    const verdict = await verifyGithub({ secrets: [secret], headers: told, rawBody });
    if (!verdict.ok) throw new Error(verdict.detail);
    if (run >= warmUps) took.push((performance.now() - began) * 1_000);
  }
  return spread({ name: `signature over ${rawBody.byteLength} bytes`, unit: "µs" }, took);
}

type Answered = Readonly<{ figure: Figure; perSecond: Figure }>;

/** Webhooks whose messages nobody takes from the queue: what is measured is only the way in. */
async function answered({ directory }: Bench): Promise<readonly Answered[]> {
  const bench = await BenchEngine.start(directory);
  const { bus, store, close } = openSqlite({ file: join(directory, "hooks.db"), clock: systemClock });
  bus.subscribe({
    name: "never-started",
    topic: topics.releases,
    handler: async () => undefined,
    ackDeadlineMs: 60_000,
    maxAttempts: 5,
    minBackoffMs: 200,
    maxBackoffMs: 30_000,
  });
  const { engine } = bench;
  const deps = { ...engine.deps, bus, store };
  const server = await startHookServer({ deps, desk: createDesk(deps), onCommit: engine.onCommit }, secret);
  const sender = await startHookSender();
  const common = { url: server.url, secret, count: webhooks, from: 0 };
  await sender.send({ ...common, tag: "v0.1.0", connections: 10 });
  const results: Answered[] = [];
  for (const connections of [1, 50]) {
    const began = performance.now();
    const { tookMs, refused } = await sender.send({ ...common, tag: `v1.${connections}.0`, connections });
    const seconds = (performance.now() - began) / 1_000;
    if (refused > 0) throw new Error(`${refused} webhooks were refused`);
    const way = `${connections} connection${connections === 1 ? "" : "s"}`;
    results.push({
      figure: spread({ name: `webhook until answered, ${way}`, unit: "ms" }, tookMs),
      perSecond: single({ name: `webhooks per second, ${way}`, unit: "/s" }, webhooks / seconds),
    });
  }
  sender.close();
  await server.close();
  await close();
  await bench.close();
  return results;
}
