/** A runtime of Cloud Run functions and the days of its life, as ISO dates; null = not announced. */
export type NodeRuntime = Readonly<{ name: string; deprecatedOn: string | null; retiredOn: string | null }>;

/** The runtime that an installation uses. */
export const installedRuntime = "nodejs24";

/**
 * After `retiredOn` a function can no longer be created or updated. As read in November 2026 in
 * https://docs.cloud.google.com/run/docs/runtimes/function-runtimes
 */
export const nodeRuntimes: readonly NodeRuntime[] = [
  { name: "nodejs18", deprecatedOn: "2025-04-30", retiredOn: "2025-10-30" },
  { name: "nodejs20", deprecatedOn: "2026-04-30", retiredOn: "2026-10-30" },
  { name: "nodejs22", deprecatedOn: "2027-04-30", retiredOn: "2027-10-31" },
  { name: "nodejs24", deprecatedOn: "2028-04-30", retiredOn: "2028-10-31" },
];

/** `supported`, or since when it is not; null = this table does not know the runtime. */
export function runtimeState(
  name: string,
  today: string,
): Readonly<{ state: "supported" | "deprecated" | "retired"; until: string | null }> | null {
  const runtime = nodeRuntimes.find((one) => one.name === name);
  if (runtime === undefined) return null;
  const { deprecatedOn, retiredOn: until } = runtime;
  if (until !== null && today >= until) return { state: "retired", until };
  const isDeprecated = deprecatedOn !== null && today >= deprecatedOn;
  return { state: isDeprecated ? "deprecated" : "supported", until };
}
