import type { EventType } from "../domain/events.ts";
import type { ServiceKey } from "../domain/ids.ts";
import type { WorkKind } from "../domain/work.ts";

/** How one delivery of a message ended: it was handled, or it comes again. */
export type DeliveryEnd = "done" | "failed";

/** Counts what this process does, since it began. NEVER throws, and costs next to nothing. */
export interface Meters {
  delivered(params: Readonly<{ subscription: string; end: DeliveryEnd; ms: number }>): void;
  worked(params: Readonly<{ kind: WorkKind; end: DeliveryEnd; ms: number }>): void;
  recorded(params: Readonly<{ service: ServiceKey; type: EventType }>): void;
}

/** Where nobody reads the counts. */
export const silentMeters: Meters = {
  delivered: () => undefined,
  worked: () => undefined,
  recorded: () => undefined,
};
