import { parseReleaseId, type ReleaseId } from "../../shared/domain/ids.ts";

/** Where a page of releases ended. */
export type Cursor = Readonly<{ requestedAt: number; id: ReleaseId }>;

/** Text that a client hands back unread. */
export function writeCursor({ requestedAt, id }: Cursor): string {
  return Buffer.from(`${requestedAt}/${id}`).toString("base64url");
}

/** Null when the text is no cursor of ours. */
export function readCursor(text: string): Cursor | null {
  const [, at = "", name = ""] = /^(\d{1,16})\/(.+)$/.exec(Buffer.from(text, "base64url").toString()) ?? [];
  const id = parseReleaseId(name);
  return id === null ? null : { requestedAt: Number(at), id };
}
