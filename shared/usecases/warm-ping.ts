import type { ServiceKey } from "../domain/ids.ts";
import { owed } from "../domain/owed.ts";
import type { PingTarget } from "../domain/warm-plan.ts";
import { AppError } from "../ports/app-error.ts";
import type { ProbeAnswer } from "../ports/probe.ts";
import type { Deps } from "./deps.ts";
import { urlBelow } from "./trial.ts";

/** Tells Gantry's pings from users' requests and from its probes, in the service's own logs and metrics. */
export const pingHeaders = { "user-agent": "gantry-warmup", "x-gantry-warmup": "ping" } as const;

/** A cold start of a large model: the 240 s that Cloud Run gives a container to start, and a little. */
const timeoutMs = 250_000;
const maxBytes = 4_096;
const maxTries = 20;

/** One round: the targets, and the name that makes it one instance's alone. */
type Round = Readonly<{ slot: string; targets: readonly PingTarget[]; path: string }>;

/**
 * Asks every target once, unless this round is somebody else's. Null = all is well; otherwise what the service said when
 * it asked to be left alone (429). Any other answer is a person's or a watch's to judge: the instance was woken by it.
 */
export async function pingOnce(deps: Deps, service: ServiceKey, round: Round): Promise<string | null> {
  if (!(await takeRound(deps, service, round.slot))) return null;
  const answers = await Promise.all(round.targets.map((target) => ask(deps, target, round.path)));
  for (const [index, answer] of answers.entries()) {
    const { url, revision } = round.targets[index] ?? { url: "", revision: null };
    deps.log.info({ service, revision, url, slot: round.slot, ...told(answer) }, "Pinged a service");
  }
  const isBusy = answers.some((answer) => answer.kind === "answer" && answer.status === 429);
  return isBusy ? `GET ${round.path} was answered with status 429` : null;
}

/** True for exactly one of all who ask for this round: its name is seen in the store once. */
async function takeRound({ store }: Deps, service: ServiceKey, slot: string): Promise<boolean> {
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const { state, version } = await store.load(service);
    const { outcome } = await store.commit({
      service,
      expectedVersion: version,
      events: [],
      state,
      releases: [],
      owed: owed(state),
      configs: [],
      messages: [],
      cause: `ping/${service}/${slot}`,
    });
    if (outcome !== "conflict") return outcome === "committed";
  }
  const message = `The state of ${service} changed under every one of ${maxTries} tries to take a round of pings.`;
  throw new AppError({ code: "store-contended", message, transient: true });
}

function ask({ probe }: Deps, { url }: PingTarget, path: string): Promise<ProbeAnswer> {
  const { signal } = new AbortController();
  const asked = { url: urlBelow({ base: url, path }), method: "GET", headers: pingHeaders, body: null };
  return probe.request({ ...asked, timeoutMs, maxBytes, signal });
}

function told(answer: ProbeAnswer): Readonly<Record<string, string | number>> {
  const { kind, durationMs } = answer;
  if (kind === "answer") return { kind, status: answer.status, durationMs };
  return kind === "error" ? { kind, durationMs, err: answer.message } : { kind, durationMs };
}
