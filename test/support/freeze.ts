import type { Freeze } from "../../shared/domain/freeze.ts";
import { monday, person, serviceKey } from "./fixtures.ts";

/** A freeze of one service that nobody has lifted. */
export function freeze(changes: Partial<Freeze> = {}): Freeze {
  return {
    id: "f-00000000",
    services: serviceKey(),
    from: monday,
    until: null,
    zone: "Europe/Berlin",
    reason: "the database moves",
    by: person,
    at: monday,
    lifted: null,
    ...changes,
  };
}
