import type { ServiceKey, Timestamp } from "../../domain/ids.ts";
import type { ReleaseRecord } from "../../domain/release-record.ts";
import { type Fields, numberOf, textOf } from "./document-fields.ts";
import type { StoredDocument } from "./firestore-database.ts";
import { type OwedList, readyAt } from "./owed-list.ts";
import { packed, unpacked } from "./packed-json.ts";

/** What a service's document says beside its state. */
export type ServiceHead = Readonly<{
  version: number;
  sequence: number; // of its last event
  owed: OwedList;
  told: number; // the messages of all commits up to this version are published
  untoldSince: Timestamp | null; // null = all of them are
  records: readonly ReleaseRecord[]; // of releases that are not over, and of the live one
}>;

export const newHead: ServiceHead = {
  version: 0,
  sequence: 0,
  owed: [],
  told: 0,
  untoldSince: null,
  records: [],
};

/** Fields that claims and publishing change; the state stays as it is. */
export const headFields = ["owed", "owedIds", "readyAt", "told", "untoldSince"] as const;

/** All fields but the state. */
export const smallFields = ["key", "version", "sequence", "token", "records", ...headFields] as const;

/** The part of the document that `headFields` names. `owedIds` and `readyAt` are there to be asked for. */
export function fieldsOfHead({ owed, told, untoldSince }: ServiceHead): Fields {
  return {
    owed: packed(owed, "What a service owes"),
    owedIds: owed.map(({ id }) => id),
    readyAt: readyAt(owed),
    told,
    untoldSince,
  };
}

export function headOf(fields: Fields): ServiceHead {
  return {
    version: numberOf(fields, "version") ?? 0,
    sequence: numberOf(fields, "sequence") ?? 0,
    owed: unpacked<OwedList>(fields, "owed"),
    told: numberOf(fields, "told") ?? 0,
    untoldSince: numberOf(fields, "untoldSince"),
    records: fields["records"] === undefined ? [] : unpacked<readonly ReleaseRecord[]>(fields, "records"),
  };
}

/** The service that a document is of. */
export function keyOf(fields: Fields): ServiceKey {
  return textOf(fields, "key") as ServiceKey;
}

/** The document without its state, to be remembered. */
export function small(document: StoredDocument): StoredDocument {
  const { body, ...fields } = document.fields;
  return { ...document, fields };
}
