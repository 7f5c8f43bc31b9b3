import type { Usage } from "../domain/cold-starts.ts";
import { type CostFacts, type CostReport, costReport } from "../domain/cost.ts";
import { billedOf } from "../domain/cost-rate.ts";
import type { ReferencedRevision } from "../domain/idle-minimum.ts";
import type { RevisionName, ServiceKey } from "../domain/ids.ts";
import type { WarmupConfig } from "../domain/release-config.ts";
import type { RevisionSettings } from "../domain/service-settings.ts";
import type { ServiceState } from "../domain/service-state.ts";
import type { TimeSpan } from "../domain/time-spans.ts";
import { warmSpansWithin } from "../domain/warm-spans.ts";
import { warmthOf } from "../domain/warm-state.ts";
import type { SettingsReading } from "../ports/run.ts";
import { readUsage } from "./cost-usage.ts";
import type { Deps } from "./deps.ts";

type CostDeps = Pick<Deps, "store" | "run" | "metrics" | "clock" | "policy">;

export type CostRequest = Readonly<{
  service: ServiceKey;
  days: number; // up to now; 1 to `maxCostDays`
  signal: AbortSignal;
}>;

/** The bill, and what could not be read for it, in sentences. */
export type CostReading = CostReport & Readonly<{ unread: readonly string[] }>;

const dayMs = 86_400_000;

/**
 * What a service cost and would cost in other modes, from its settings, its warm hours and what Cloud Monitoring measured.
 * Nothing is written. Null = Cloud Run has no such service. Metrics that cannot be read leave numbers unknown, and `unread`
 * says why; throws `AppError` where Cloud Run cannot be asked.
 */
export async function readCost(
  deps: CostDeps,
  { service, days, signal }: CostRequest,
): Promise<CostReading | null> {
  const now = deps.clock.now();
  const period = { from: now - days * dayMs, until: now };
  const [reading, { state }, measured] = await Promise.all([
    deps.run.readSettings(service),
    deps.store.look(service),
    readUsage(deps, { service, period, signal }),
  ]);
  if (reading === null) return null;
  const referenced = await referencedRevisions(deps, reading);
  const warmup =
    state.live === null ? null : ((await deps.store.config(state.live.configHash))?.warmup ?? null);
  const facts = factsOf({ deps, service, period, reading, state, referenced, warmup, usage: measured.usage });
  return { ...costReport(facts), unread: measured.unread };
}

type Known = Readonly<{
  deps: CostDeps;
  service: ServiceKey;
  period: TimeSpan;
  reading: SettingsReading;
  state: ServiceState;
  referenced: readonly ReferencedRevision[];
  warmup: WarmupConfig | null;
  usage: Usage;
}>;

function factsOf(known: Known): CostFacts {
  const { deps, service, period, reading, state, referenced, warmup, usage } = known;
  const [, region = "", name = ""] = service.split("/");
  const serving = servingSettings(reading, referenced);
  const { instances, manualInstances } = reading.settings.service;
  const own = warmthOf(state).raised?.from ?? instances.min ?? 0;
  return {
    period,
    service: name,
    region,
    billed: billedOf(serving),
    hasSidecars: serving.sidecars.length > 0,
    prices: deps.policy.prices,
    minimum: manualInstances ?? Math.max(own, serving.instances.min),
    warmup:
      warmup === null
        ? null
        : { mode: warmup.mode, instances: warmup.instances, spans: warmSpansWithin(warmup, period) },
    referenced,
    usage,
  };
}

/** Those of the revision that serves most; of the template where none can be read. */
function servingSettings(
  { settings }: SettingsReading,
  referenced: readonly ReferencedRevision[],
): RevisionSettings {
  const [most] = [...referenced].sort((a, b) => b.percent - a.percent);
  return most !== undefined && most.percent > 0 ? most.settings : settings.template;
}

/** Every revision that the traffic names, asked for or in effect. */
async function referencedRevisions(
  { run }: CostDeps,
  { snapshot }: SettingsReading,
): Promise<readonly ReferencedRevision[]> {
  const { service, desired, effective } = snapshot;
  const names = new Set<RevisionName>();
  for (const { revision } of [...desired, ...effective]) if (revision !== null) names.add(revision);
  const found = await Promise.all(
    [...names].map(async (revision) => ({
      revision,
      settings: await run.readRevisionSettings({ service, revision }),
    })),
  );
  return found.flatMap(({ revision, settings }): ReferencedRevision[] => {
    if (settings === null) return [];
    const percent = sharesOf(effective, revision).reduce((sum, share) => sum + share.percent, 0);
    const tags = sharesOf([...effective, ...desired], revision).flatMap(({ tag }) => tag ?? []);
    return [{ revision, settings, percent, tags: [...new Set(tags)] }];
  });
}

function sharesOf<Share extends Readonly<{ revision: RevisionName | null }>>(
  shares: readonly Share[],
  revision: RevisionName,
): readonly Share[] {
  return shares.filter((share) => share.revision === revision);
}
