import type { Session } from "../server-session.ts";
import { serviceKeyFor } from "../service-name.ts";

/** What a freeze is for: a glob as it stands, or the one service of that name. Throws a complaint that lists them. */
export async function freezeScope(session: Session, named: string): Promise<string> {
  return named.includes("*") ? named : serviceKeyFor(session, named);
}
