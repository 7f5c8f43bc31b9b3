/** What a field holds. Numbers are whole; a `Date` is a time that Firestore itself knows as one. */
export type FieldValue = string | number | Uint8Array | Date | readonly string[];

/** The fields of a document by name. Null = not there: a field that is not there is in no index. */
export type Fields = Readonly<Record<string, FieldValue | null>>;

/** A moment as the API tells it, to the microsecond. */
export type Moment = Readonly<{ seconds: number; nanos: number }>;

export type WireMoment = Readonly<{ seconds?: unknown; nanos?: number | null }>;

/** A value as it comes over the wire (`google.firestore.v1.Value`). */
type WireValue = Readonly<{
  stringValue?: string | null;
  integerValue?: unknown;
  bytesValue?: Uint8Array | string | null;
  timestampValue?: WireMoment | null;
  arrayValue?: Readonly<{ values?: readonly WireValue[] | null }> | null;
}>;

export type WireFields = Readonly<Record<string, WireValue>>;

/** A value as it is sent. */
type SentValue =
  | { stringValue: string }
  | { integerValue: string }
  | { bytesValue: Uint8Array }
  | { timestampValue: Moment }
  | { arrayValue: { values: { stringValue: string }[] } };

/** The fields that are there, as they go over the wire. */
export function wireFields(fields: Fields): Record<string, SentValue> {
  const wire: Record<string, SentValue> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== null) wire[name] = wireValue(value);
  return wire;
}

/** One value as it goes over the wire. @throws RangeError for a number that is not whole, which Firestore would drop unheard. */
export function wireValue(value: FieldValue): SentValue {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return { integerValue: wholeNumber(value) };
  if (value instanceof Uint8Array) return { bytesValue: value };
  if (value instanceof Date)
    return {
      timestampValue: {
        seconds: Math.floor(value.getTime() / 1000),
        nanos: (value.getTime() % 1000) * 1_000_000,
      },
    };
  return { arrayValue: { values: value.map((each) => ({ stringValue: each })) } };
}

function wholeNumber(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number`);
  return String(value);
}

/** The fields of an answer; what is of no kind that Gantry writes is left out. */
export function readFields(wire: WireFields): Fields {
  const fields: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(wire)) {
    const read = readValue(value);
    if (read !== null) fields[name] = read;
  }
  return fields;
}

function readValue({
  stringValue,
  integerValue,
  bytesValue,
  timestampValue,
  arrayValue,
}: WireValue): FieldValue | null {
  if (typeof stringValue === "string") return stringValue;
  if (integerValue !== null && integerValue !== undefined) return Number(integerValue);
  if (bytesValue instanceof Uint8Array) return bytesValue;
  if (timestampValue) return new Date(millisOf(readMoment(timestampValue)));
  if (arrayValue) return (arrayValue.values ?? []).map((each) => each.stringValue ?? "");
  return null;
}

/** A moment as the client hands it over, with its seconds as text. */
export function readMoment({ seconds, nanos }: WireMoment): Moment {
  return { seconds: Number(seconds ?? 0), nanos: nanos ?? 0 };
}

/** Milliseconds since 1970 UTC. */
export function millisOf({ seconds, nanos }: Moment): number {
  return seconds * 1000 + Math.floor(nanos / 1_000_000);
}

/** A text field; empty where it is none. */
export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === "string" ? value : "";
}

/** A number field; null where it is none. */
export function numberOf(fields: Fields, name: string): number | null {
  const value = fields[name];
  return typeof value === "number" ? value : null;
}
