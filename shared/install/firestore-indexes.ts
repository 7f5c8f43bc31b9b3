/** A composite index of Firestore: single fields need none. */
export type CompositeIndex = Readonly<{
  collection: string;
  scope: "COLLECTION" | "COLLECTION_GROUP";
  fields: readonly Readonly<{ path: string; order: "ASCENDING" | "DESCENDING" }>[];
}>;

/** The composite indexes that the store's queries need. */
export const firestoreIndexes: readonly CompositeIndex[] = [];

/** Documents of these collections go by themselves once the time in the field is past. */
export const timeToLive: readonly Readonly<{ collection: string; field: string }>[] = [
  { collection: "seen", field: "expireAt" },
];
