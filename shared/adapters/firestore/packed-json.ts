import { deflateRawSync, inflateRawSync } from "node:zlib";
import { AppError } from "../../ports/app-error.ts";
import type { Fields } from "./document-fields.ts";

/** Text up to this length lies in the document as it is, to be read by people too. */
const plainBytes = 64 * 1024;

/** A document holds 1 MiB (https://cloud.google.com/firestore/quotas); what lies beside the body is far smaller than the rest. */
const mostBytes = 900 * 1024;

/** The value as a field: JSON, packed where it is long. @throws AppError when it is too large for one document even so. */
export function packed(value: unknown, what: string): string | Uint8Array {
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) <= plainBytes) return text;
  const bytes = deflateRawSync(text);
  if (bytes.length <= mostBytes) return bytes;
  throw new AppError({
    code: "store-unavailable",
    transient: false,
    message: `${what} has ${bytes.length} bytes, packed, and a document of Firestore holds ${mostBytes}; it is not written, and traffic stays as it is. Report this: everything that Gantry writes is meant to be bounded.`,
    context: { bytes: bytes.length },
  });
}

/** What `packed` made, in the field of this name. The type is what was packed: nothing but Gantry writes there. */
export function unpacked<T>(fields: Fields, name = "body"): T {
  const value = fields[name];
  const text = value instanceof Uint8Array ? inflateRawSync(value).toString("utf8") : value;
  if (typeof text === "string") return JSON.parse(text) as T;
  throw new AppError({
    code: "store-unavailable",
    transient: false,
    message: `A document has no field ${name} that Gantry can read; something else wrote to its database.`,
  });
}
