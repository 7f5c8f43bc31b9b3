import type { Prometheus } from "../../shared/adapters/prometheus/prometheus.ts";
import type { Timestamp } from "../../shared/domain/ids.ts";
import type { Readings } from "../../shared/ports/readings.ts";
import { type KnownDeployments, takeReadings } from "../../shared/usecases/readings.ts";
import type { Engine } from "./engine.ts";

/** What the store tells is read no more often than this where each read costs, and where it is on the disk. */
const keepMs = { google: 60_000, embedded: 5_000 } as const;

type Kept = Readonly<{ until: Timestamp; readings: Promise<Readings> }>;

/** The page that Prometheus reads; who asks at the same time, or soon after, is told the same of the store. */
export function metricsPage(open: () => Promise<Prometheus>, { deps, waiting }: Engine) {
  const lasts = waiting === null ? keepMs.google : keepMs.embedded;
  const known: KnownDeployments = new Map();
  let kept: Kept | null = null;
  const readings = (): Promise<Readings> => {
    const now = deps.clock.now();
    if (kept !== null && now < kept.until) return kept.readings;
    const taken = { until: now + lasts, readings: takeReadings({ ...deps, waiting, known }) };
    kept = taken;
    taken.readings.catch(() => {
      if (kept === taken) kept = null;
    });
    return taken.readings;
  };
  return async (): Promise<Readonly<{ contentType: string; body: string }>> => {
    const { contentType, text } = await open();
    return { contentType, body: await text(await readings()) };
  };
}
