/** What a project may use in one region. Cloud Run checks it against the most instances that a service may have. */
export type RegionQuotas = Readonly<{
  /** Thousandths of a CPU. */
  cpuMilli: number;
  memoryMib: number;
  /** `NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion`. */
  gpus: number;
  /** `NvidiaL4GpuAllocPerProjectRegion`: zonal redundancy is on unless a template turns it off. */
  gpusWithZonalRedundancy: number;
  revisionsPerService: number;
}>;

/** A project with the usual three GPUs without zonal redundancy and none with it. */
export const DEFAULT_QUOTAS: RegionQuotas = {
  cpuMilli: 200_000,
  memoryMib: 400 * 1024,
  gpus: 3,
  gpusWithZonalRedundancy: 0,
  revisionsPerService: 1000,
};

/** `8` → 8000, `1000m` → 1000; NaN when it is neither. */
export function parseCpuMilli(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(m?)$/.exec(text) ?? [];
  return amount === undefined ? Number.NaN : Number(amount) * (unit === "m" ? 1 : 1000);
}

const MIB_PER_UNIT: Readonly<Record<string, number>> = {
  Ki: 1 / 1024,
  Mi: 1,
  Gi: 1024,
  k: 1000 / 1024 ** 2,
  M: 1e6 / 1024 ** 2,
  G: 1e9 / 1024 ** 2,
  "": 1 / 1024 ** 2,
};

/** `512Mi` → 512, `32Gi` → 32768; NaN when it is no quantity. */
export function parseMemoryMib(text: string): number {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|k|M|G|)$/.exec(text) ?? [];
  return amount === undefined ? Number.NaN : Number(amount) * (MIB_PER_UNIT[unit] ?? Number.NaN);
}
