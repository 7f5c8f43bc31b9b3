import { expect } from "chai";
import type { StoreCall } from "../../shared/adapters/firestore/firestore-database.ts";
import { nameField, type Query } from "../../shared/adapters/firestore/query.ts";
import { firestoreIndexes, timeToLive, unindexed } from "../../shared/install/firestore-indexes.ts";
import { conversationsContract } from "../contracts/conversations.contract.ts";
import { deadLettersContract } from "../contracts/dead-letters.contract.ts";
import { freezesContract } from "../contracts/freezes.contract.ts";
import { notesContract } from "../contracts/notes.contract.ts";
import { contractTopic, storeContract } from "../contracts/store.contract.ts";
import { sharedFirestore } from "../support/google-emulators.ts";
import { firestoreEngine } from "./firestore-engine.ts";

/** `collection field order, ...` of the composite index that a query needs; null = those of single fields do. */
function neededIndex({ collection, where, orderBy }: Query): string | null {
  const equal = where.filter(([, operator]) => operator === "==").map(([field]) => `${field} ASCENDING`);
  const held = where
    .filter(([, operator]) => operator === "array-contains")
    .map(([field]) => `${field} CONTAINS`);
  const ordered = orderBy.filter(([field]) => field !== nameField);
  const compared = where.filter(([, operator]) => operator.includes("<") || operator.includes(">"));
  const [rest] = [
    ...ordered.map(([field, direction]) => `${field} ${direction.toUpperCase()}ENDING`),
    ...compared.map(([field]) => `${field} ASCENDING`),
  ];
  const same = [...equal, ...held];
  if (same.length === 0 || rest === undefined) return null;
  return `${collection} ${[...same, rest].join(", ")}`;
}

describe("Firestore, on Google's emulator,", () => {
  const calls: StoreCall[] = [];
  let host: string;
  before(async function () {
    ({ host } = await sharedFirestore(this));
  });
  const open = () => firestoreEngine(host, { observe: (call) => calls.push(call) });

  storeContract({
    name: "Firestore",
    open: async () => {
      const { engine, published } = open();
      const data = () => published.filter(({ topic }) => topic === contractTopic).map((each) => each.data);
      const settled = async () => {
        await engine.outbox.settle();
        return data();
      };
      return { store: engine.store, published: settled, close: engine.close };
    },
  });
  conversationsContract({ name: "Firestore", open: async () => open().engine });
  freezesContract({ name: "Firestore", open: async () => open().engine });
  notesContract({ name: "Firestore", open: async () => open().engine });
  deadLettersContract({ name: "Firestore", open: async () => open().engine });

  describe("in all of this", () => {
    it("asked nothing that needs another composite index than Terraform makes, and needed each of those", () => {
      const needed = calls.flatMap(({ query }) => (query === null ? [] : (neededIndex(query) ?? [])));
      const made = firestoreIndexes.map(
        ({ collection, fields }) =>
          `${collection} ${fields.map(({ path, order }) => `${path} ${order}`).join(", ")}`,
      );
      expect([...new Set(needed)]).to.have.members(made);
    });

    it("let documents end only in collections whose time-to-live Terraform sets", () => {
      const ending = writesOf(calls).filter(({ fields }) => fields["expireAt"] instanceof Date);
      const collections = new Set(ending.map(({ path }) => path.split("/")[0]));
      expect(timeToLive.map(({ collection }) => collection)).to.have.members([...collections]);
    });

    it("asked for no field that Terraform takes out of the indexes", () => {
      const asked = calls.flatMap(({ query }) => {
        const fields = [...(query?.where ?? []), ...(query?.orderBy ?? [])].map(([field]) => field);
        return fields.map((field) => `${query?.collection}.${field}`);
      });
      const without = unindexed.map(({ collection, field }) => `${collection}.${field}`);
      expect(asked).to.not.be.empty;
      expect(asked.filter((field) => without.includes(field))).to.deep.equal([]);
    });

    it("wrote long text only into fields that Terraform takes out of the indexes", () => {
      const without = new Set(unindexed.map(({ collection, field }) => `${collection}.${field}`));
      const long = writesOf(calls).flatMap(({ path, fields }) =>
        Object.entries(fields)
          .filter(([, value]) => typeof value === "string" && value.length > 1_000)
          .map(([field]) => `${path.split("/")[0]}.${field}`),
      );
      expect([...new Set(long)].filter((field) => !without.has(field))).to.deep.equal([]);
      expect(long).to.not.be.empty;
    });
  });
});

function writesOf(calls: readonly StoreCall[]): StoreCall["writes"] {
  return calls.flatMap(({ writes }) => writes);
}
