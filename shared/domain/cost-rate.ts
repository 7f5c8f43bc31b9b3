import { type Price, type PriceUnit, priceOf, unitOf } from "./prices.ts";
import type { RevisionSettings } from "./service-settings.ts";

/** What of an instance is paid for. */
export type Billed = Readonly<{
  cpu: number; // vCPU
  memoryGib: number;
  gpu: Readonly<{ type: string; count: number }> | null;
  zonalRedundancy: boolean;
  /** `instance`: from start to end; `request`: while it serves, and less while a minimum waits. */
  billing: "instance" | "request";
}>;

/** What is paid for one instance: `serving` while it answers, `waiting` while a minimum keeps it. */
export type Use = "serving" | "waiting";

type RatePart = Readonly<{
  sku: string;
  quantity: number; // of one instance
  unit: PriceUnit;
  usd: number; // for one unit
  date: string;
  source: string;
}>;

/** The price of one instance for an hour; null while a price is missing, which `missing` names by SKU. */
export type Rate = Readonly<{
  usdPerHour: number | null;
  parts: readonly RatePart[];
  missing: readonly string[];
}>;

/** Cloud Run's defaults for what a service does not say: https://cloud.google.com/run/docs/configuring/services/cpu */
const defaults = { cpu: 1, memoryBytes: 512 * 1024 ** 2 };
const secondsOfHour = 3600;

/**
 * What is paid for, from the settings of a revision. A GPU and CPU that is always allocated are paid for from start to end
 * of an instance (https://cloud.google.com/run/docs/configuring/billing-settings).
 */
export function billedOf(settings: RevisionSettings): Billed {
  const { cpu, memoryBytes, gpu, zonalRedundancy, cpuAlwaysAllocated } = settings;
  return {
    cpu: cpu ?? defaults.cpu,
    memoryGib: (memoryBytes ?? defaults.memoryBytes) / 1024 ** 3,
    gpu,
    zonalRedundancy,
    billing: gpu !== null || cpuAlwaysAllocated ? "instance" : "request",
  };
}

/** What one instance costs for an hour. */
export function rateOf(
  params: Readonly<{ billed: Billed; use: Use; region: string; prices: readonly Price[] }>,
): Rate {
  const { billed, region, prices } = params;
  const kind = billed.billing === "instance" ? "instance" : params.use === "serving" ? "request" : "idle";
  const wanted = [
    { sku: `cpu-${kind}`, quantity: billed.cpu },
    { sku: `memory-${kind}`, quantity: billed.memoryGib },
    ...gpuPart(billed),
  ];
  const parts = wanted.flatMap(({ sku, quantity }): RatePart[] => {
    const price = priceOf(prices, { sku, region });
    const unit = unitOf(sku);
    if (price === null || unit === null) return [];
    return [{ sku, quantity, unit, usd: price.usd, date: price.date, source: price.source }];
  });
  const missing = wanted.map(({ sku }) => sku).filter((sku) => parts.every((part) => part.sku !== sku));
  const perSecond = parts.reduce((sum, { quantity, usd }) => sum + quantity * usd, 0);
  return { usdPerHour: missing.length === 0 ? perSecond * secondsOfHour : null, parts, missing };
}

function gpuPart({ gpu, zonalRedundancy }: Billed): readonly Readonly<{ sku: string; quantity: number }>[] {
  if (gpu === null) return [];
  return [{ sku: `gpu-${gpu.type}${zonalRedundancy ? "-zonal" : ""}`, quantity: gpu.count }];
}
