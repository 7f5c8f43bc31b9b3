import type { FieldValue } from "./document-fields.ts";

const operators = {
  "==": "EQUAL",
  "<": "LESS_THAN",
  "<=": "LESS_THAN_OR_EQUAL",
  ">": "GREATER_THAN",
  ">=": "GREATER_THAN_OR_EQUAL",
  "array-contains": "ARRAY_CONTAINS",
} as const;

export type Operator = keyof typeof operators;
export type Order = readonly [field: string, direction: "asc" | "desc"];

/** `__name__` as a field is the whole name of the document. */
export const nameField = "__name__";

/** A question to one collection. */
export type Query = Readonly<{
  collection: string;
  where: readonly (readonly [field: string, operator: Operator, value: FieldValue])[];
  orderBy: readonly Order[];
  limit: number | null;
  /** Values of `orderBy` that the last document seen has; of `nameField`, its name. */
  after?: readonly FieldValue[];
  /** Only these fields; without it, all. */
  select?: readonly string[];
}>;

const directions = { asc: "ASCENDING", desc: "DESCENDING" } as const;

/** `google.firestore.v1.StructuredQuery` of the question. */
export function structuredQuery(query: Query, encode: (field: string, value: FieldValue) => object): object {
  const { collection, where, orderBy, limit, after, select } = query;
  const filters = where.map(([fieldPath, operator, value]) => ({
    fieldFilter: { field: { fieldPath }, op: operators[operator], value: encode(fieldPath, value) },
  }));
  const fields = orderBy.map(([fieldPath]) => fieldPath);
  return {
    from: [{ collectionId: collection }],
    ...(filters.length > 0 && { where: { compositeFilter: { op: "AND", filters } } }),
    orderBy: orderBy.map(([fieldPath, direction]) => ({
      field: { fieldPath },
      direction: directions[direction],
    })),
    ...(limit !== null && { limit: { value: limit } }),
    ...(after && {
      startAt: { before: false, values: after.map((value, n) => encode(fields[n] ?? nameField, value)) },
    }),
    ...(select && { select: { fields: select.map((fieldPath) => ({ fieldPath })) } }),
  };
}
