import type { ServiceKey } from "../../shared/domain/ids.ts";
import type { TrafficShare } from "../../shared/domain/traffic.ts";
import type { ServiceSnapshot } from "../../shared/ports/run.ts";
import type { ServiceDeps } from "../service-deps.ts";

/** What Cloud Run said of the traffic, or that it could not be asked: never a guess. */
export type TrafficReading =
  | Readonly<{
      state: "read";
      url: string;
      desired: readonly TrafficShare[];
      effective: ServiceSnapshot["effective"];
      settled: boolean;
      ready: ServiceSnapshot["ready"];
    }>
  | Readonly<{ state: "absent" }>
  | Readonly<{ state: "unknown"; error: string }>;

const keepMs = 1_000;

/**
 * Reads the traffic in at most `trafficWithinMs`. One reading serves everybody who asks for the same service within
 * a second, so that a page that is watched by many does not spend the quota of Cloud Run.
 */
export function createTrafficReader(
  deps: Pick<ServiceDeps, "traffic" | "trafficWithinMs" | "clock">,
): (service: ServiceKey) => Promise<TrafficReading> {
  const kept = new Map<ServiceKey, { at: number; reading: Promise<TrafficReading> }>();
  return (service) => {
    const now = deps.clock.now();
    const last = kept.get(service);
    if (last !== undefined && now - last.at < keepMs) return last.reading;
    const reading = readTraffic(deps, service);
    kept.set(service, { at: now, reading });
    return reading;
  };
}

async function readTraffic(
  { traffic, trafficWithinMs, clock }: Pick<ServiceDeps, "traffic" | "trafficWithinMs" | "clock">,
  service: ServiceKey,
): Promise<TrafficReading> {
  const done = new AbortController();
  const late = clock.sleep({ ms: trafficWithinMs, signal: done.signal }).then(
    (): TrafficReading => ({
      state: "unknown",
      error: `Cloud Run did not answer in ${trafficWithinMs} ms.`,
    }),
  );
  const answer = traffic(service).then(toReading, (error: unknown): TrafficReading => {
    return { state: "unknown", error: error instanceof Error ? error.message : String(error) };
  });
  return Promise.race([answer, late]).finally(() => done.abort());
}

function toReading(snapshot: ServiceSnapshot | null): TrafficReading {
  if (snapshot === null) return { state: "absent" };
  const { url, desired, effective, settled, ready } = snapshot;
  return { state: "read", url, desired, effective, settled, ready };
}
