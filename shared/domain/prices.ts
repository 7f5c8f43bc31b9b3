/** What a price is of: one second of one vCPU, GiB or GPU, or one request. */
export type PriceUnit = "vCPU-second" | "GiB-second" | "GPU-second" | "request";

/**
 * One price of Cloud Run in one region, in US dollars, before free tier, discounts and taxes. `sku` is one of `skuUnits`, or
 * `gpu-TYPE` (without zonal redundancy) and `gpu-TYPE-zonal` (with it).
 */
export type Price = Readonly<{
  sku: string;
  region: string;
  usd: number;
  date: string; // YYYY-MM-DD: when it was read
  source: string; // where
}>;

/** `instance`: paid from start to end of an instance. `request`: paid while it serves. `idle`: a minimum that waits. */
const skuUnits: Readonly<Record<string, PriceUnit>> = {
  "cpu-instance": "vCPU-second",
  "memory-instance": "GiB-second",
  "cpu-request": "vCPU-second",
  "memory-request": "GiB-second",
  "cpu-idle": "vCPU-second",
  "memory-idle": "GiB-second",
  requests: "request",
};

/** The SKUs that are no GPU. */
export const skuNames: readonly string[] = Object.keys(skuUnits);

const source = "https://cloud.google.com/run/pricing";
const here = { region: "us-central1", date: "2026-08-01", source };

/** All prices that Gantry knows by itself. Others, and newer ones, stand under `prices` of gantry.policy.yaml. */
const priceTable: readonly Price[] = [
  { ...here, sku: "cpu-instance", usd: 0.000018 },
  { ...here, sku: "memory-instance", usd: 0.000002 },
  { ...here, sku: "cpu-request", usd: 0.000024 },
  { ...here, sku: "memory-request", usd: 0.0000025 },
  { ...here, sku: "cpu-idle", usd: 0.0000025 },
  { ...here, sku: "memory-idle", usd: 0.0000025 },
  { ...here, sku: "requests", usd: 0.0000004 },
  { ...here, sku: "gpu-nvidia-l4", usd: 0.0001867 },
  { ...here, sku: "gpu-nvidia-l4-zonal", usd: 0.0002909 },
];

/** The unit of a SKU; null = there is no such SKU. */
export function unitOf(sku: string): PriceUnit | null {
  if (/^gpu-[a-z0-9-]+$/.test(sku)) return "GPU-second";
  return skuUnits[sku] ?? null;
}

/** The price of a SKU in a region: the operator's own first, then the table's; null = nobody said. Never a guess. */
export function priceOf(
  own: readonly Price[],
  { sku, region }: Readonly<{ sku: string; region: string }>,
): Price | null {
  const isWanted = (price: Price): boolean => price.sku === sku && price.region === region;
  return own.findLast(isWanted) ?? priceTable.find(isWanted) ?? null;
}
