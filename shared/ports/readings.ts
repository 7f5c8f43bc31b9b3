import type { DeliveryFigures } from "../domain/delivery-figures.ts";
import type { ServiceKey, Timestamp } from "../domain/ids.ts";
import type { ReleaseStatus } from "../domain/words.ts";

/** What waits for one subscription: how many messages, and since when the first of them may be delivered. */
export type WaitingMessages = Readonly<{ subscription: string; messages: number; readySince: Timestamp }>;

/** How Gantry stands at one moment, as the store tells it. Ages are in milliseconds; null = there is nothing of the kind. */
export type Readings = Readonly<{
  at: Timestamp;
  /** The releases of the window that the figures are about, by service and status. */
  releases: readonly Readonly<{ service: ServiceKey; status: ReleaseStatus; count: number }>[];
  owedForMs: number | null; // how long the oldest work is overdue
  unsaidForMs: number | null; // how long the oldest thing to be said in chat, or told to the forge, is overdue
  deadLetters: number; // that nobody replayed
  figures: readonly (DeliveryFigures & Readonly<{ service: ServiceKey }>)[];
  /** Null = the bus keeps count of that itself. */
  waiting: readonly WaitingMessages[] | null;
}>;

/** The window of the figures. */
export const figuresDays = 30;
