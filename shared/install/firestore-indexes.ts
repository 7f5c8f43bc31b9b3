/** A composite index of Firestore: single fields need none. */
export type CompositeIndex = Readonly<{
  collection: string;
  scope: "COLLECTION" | "COLLECTION_GROUP";
  fields: readonly Readonly<{ path: string; order: IndexOrder }>[];
}>;

/** `CONTAINS`: by what an array holds. */
export type IndexOrder = "ASCENDING" | "DESCENDING" | "CONTAINS";

/** The composite indexes that the store's queries need. */
export const firestoreIndexes: readonly CompositeIndex[] = [
  index("releases", ["service", "ASCENDING"], ["requestedAt", "DESCENDING"]),
  index("commits", ["releaseIds", "CONTAINS"], ["version", "ASCENDING"]),
  index("conversations", ["channel", "ASCENDING"], ["begunAt", "ASCENDING"]),
  index("conversations", ["digest", "ASCENDING"], ["begunAt", "ASCENDING"]),
];

/** Documents of these collections go by themselves once the time in the field is past. */
export const timeToLive: readonly Readonly<{ collection: string; field: string }>[] = [
  { collection: "seen", field: "expireAt" },
  { collection: "refusals", field: "expireAt" },
  { collection: "freezes", field: "expireAt" },
  { collection: "deadLetters", field: "expireAt" },
];

/** Fields that no query asks for and that are long: an index of them would only cost. */
export const unindexed: readonly Readonly<{ collection: string; field: string }>[] = [
  ...["body", "owed", "records"].map((field) => ({ collection: "services", field })),
  ...[
    "commits",
    "releases",
    "configs",
    "refusals",
    "conversations",
    "chatLanes",
    "freezes",
    "deadLetters",
    "notes",
  ].map((collection) => ({ collection, field: "body" })),
];

function index(
  collection: string,
  ...fields: readonly (readonly [path: string, order: IndexOrder])[]
): CompositeIndex {
  return { collection, scope: "COLLECTION", fields: fields.map(([path, order]) => ({ path, order })) };
}
