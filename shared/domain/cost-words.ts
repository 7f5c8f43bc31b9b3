import type { KeptMode } from "./cost.ts";

/** What people call the modes. */
export const modeNames: Readonly<Record<KeptMode, string>> = {
  "always-on": "always on",
  "warm-window": "warm window, by minimum instances",
  ping: "warm window, by pings",
  "scale-to-zero": "scale to zero, with cold starts",
};

/** `$12.34`; cents are kept below $1,000, fractions of a cent are said, and what is not known is called so. */
export function dollars(usd: number | null): string {
  if (usd === null) return "not known";
  if (usd > 0 && usd < 0.01) return "< $0.01";
  if (usd < 1000) return `$${usd.toFixed(2)}`;
  return `$${usd.toFixed(0).replaceAll(/\B(?=(?:\d{3})+$)/g, ",")}`;
}

/** `60.8 h`, or that it is not known. */
export function hoursInWords(hours: number | null): string {
  if (hours !== null && hours > 0 && hours < 0.05) return "< 0.1 h";
  return hours === null ? "not known" : `${hours.toFixed(1)} h`;
}
