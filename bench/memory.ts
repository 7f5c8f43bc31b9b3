import { mebibytes } from "./figures.ts";

const everyMs = 10;

/** Watches the resident memory of this process until it is asked for the peak, in MiB. */
export function watchMemory(): Readonly<{ peak: () => number }> {
  let highest = residentMiB();
  const timer = setInterval(() => {
    highest = Math.max(highest, residentMiB());
  }, everyMs);
  return {
    peak: () => {
      clearInterval(timer);
      return Math.max(highest, residentMiB());
    },
  };
}

export function residentMiB(): number {
  return mebibytes(process.memoryUsage.rss());
}
