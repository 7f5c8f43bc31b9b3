import type { RevisionName } from "./ids.ts";

/** One entry of a service's traffic list. `revision` null = whatever revision is the latest ready one. */
export type TrafficShare = Readonly<{ revision: RevisionName | null; percent: number; tag: string | null }>;

/** What share each named revision has; entries with 0 % are left out. */
export type Split = readonly Readonly<{ revision: RevisionName; percent: number }>[];
