import { createHash } from "node:crypto";

/** Well below the 1,500 bytes that an id may have (https://cloud.google.com/firestore/quotas#collections_documents_and_fields). */
const longest = 700;

/**
 * A document id that stands for this text and no other. Ids may hold no slash, be neither `.` nor `..`, and not look like
 * `__name__`; a text that is too long is stood for by its hash.
 */
export function documentId(text: string): string {
  const id = encodeURIComponent(text).replace(/^\.+$/, encodeDots).replace(/^__/, "%5F%5F");
  if (id !== "" && id.length <= longest) return id;
  return `%${createHash("sha256").update(text).digest("hex")}`;
}

/** A percent sign with no such digits after it comes out of no encoding, so neither stands for another text. */
function encodeDots(dots: string): string {
  return "%2E".repeat(dots.length);
}
