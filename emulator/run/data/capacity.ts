/** Gives back what was taken; calling it again does nothing. */
export type Release = () => void;

/** The GPUs of one project and region, shared by every revision of every service in it. */
export class GpuLedger {
  readonly #allowed: number;
  readonly #used = new Map<string, number>();

  constructor(allowed: number) {
    this.#allowed = allowed;
  }

  used(region: string): number {
    return this.#used.get(region) ?? 0;
  }

  /** Null when that many GPUs are not left. */
  take(region: string, gpus: number): Release | null {
    const used = this.used(region);
    if (gpus > 0 && used + gpus > this.#allowed) return null;
    this.#used.set(region, used + gpus);
    let isTaken = true;
    return () => {
      if (isTaken) this.#used.set(region, this.used(region) - gpus);
      isTaken = false;
    };
  }
}
