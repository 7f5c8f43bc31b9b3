import type { ProbeAnswer, ProbePort, ProbeRequest } from "../../shared/ports/probe.ts";
import type { SimCloudRun } from "./sim-cloud-run.ts";
import type { SimProcess, Surroundings } from "./sim-process.ts";

/** A candidate that is bad under traffic shows it this long after the first request of a real user. */
const badAfterMs = 4_000;

/** HTTP requests of one process to the revisions of the simulated cloud. */
export function simProbe(
  params: Readonly<{ cloud: SimCloudRun; process: SimProcess; world: Surroundings }>,
): ProbePort {
  const { cloud, process, world } = params;
  return {
    request: async (request) => {
      const began = world.time.now();
      const fails = world.random.chance(world.faults.probeFails);
      const answer = fails ? await broken(params, request) : await answerOf(request);
      const durationMs = world.time.now() - began;
      return { ...answer, durationMs };
    },
  };

  async function answerOf(request: ProbeRequest): Promise<ProbeAnswer> {
    const never = new AbortController().signal;
    await process.clock.sleep({ ms: world.random.int(5, 200), signal: never });
    const met = cloud.at(request.url);
    if (met === null) return { kind: "answer", status: 404, ...plain };
    const { revision, behaviour } = met;
    if (behaviour === "silent") {
      await process.clock.sleep({ ms: request.timeoutMs, signal: never });
      return { kind: "timeout", phase: "headers", durationMs: 0 };
    }
    const isExposed = revision.exposedAt !== null && world.time.now() - revision.exposedAt > badAfterMs;
    const isBad = behaviour === "bad-at-gate" || (behaviour === "bad-under-traffic" && isExposed);
    return {
      kind: "answer",
      status: isBad ? 500 : 200,
      ...plain,
      headers: { "x-gantry-revision": revision.name },
    };
  }
}

const plain = { headers: {}, body: "", truncated: false, durationMs: 0 } as const;

async function broken(
  { process, world }: Readonly<{ process: SimProcess; world: Surroundings }>,
  { timeoutMs }: ProbeRequest,
): Promise<ProbeAnswer> {
  const never = new AbortController().signal;
  const [kind, ms] = world.random.pick(["reset", 10], ["busy", 10], ["hang", timeoutMs]);
  await process.clock.sleep({ ms: Number(ms), signal: never });
  if (kind === "reset") return { kind: "error", message: "connection reset", durationMs: 0 };
  if (kind === "busy") return { kind: "answer", status: 429, ...plain };
  return { kind: "timeout", phase: "headers", durationMs: 0 };
}
