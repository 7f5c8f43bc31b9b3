import { conversationsContract } from "../contracts/conversations.contract.ts";
import { freezesContract } from "../contracts/freezes.contract.ts";
import { contractTopic, storeContract } from "../contracts/store.contract.ts";
import { sharedFirestore } from "../support/google-emulators.ts";
import { firestoreEngine } from "./firestore-engine.ts";

describe("Firestore, on Google's emulator,", () => {
  let host: string;
  before(async function () {
    ({ host } = await sharedFirestore(this));
  });

  storeContract({
    name: "Firestore",
    open: async () => {
      const { engine, published } = firestoreEngine(host);
      const data = () => published.filter(({ topic }) => topic === contractTopic).map((each) => each.data);
      return { store: engine.store, published: async () => data(), close: engine.close };
    },
  });
  conversationsContract({ name: "Firestore", open: async () => firestoreEngine(host).engine });
  freezesContract({ name: "Firestore", open: async () => firestoreEngine(host).engine });
});
