import { expect } from "chai";
import { historiesOf, recordedSchemas } from "../support/golden-histories.ts";
import { sharedFirestore } from "../support/google-emulators.ts";
import type { Elsewhere } from "../support/history-play.ts";
import { goOn, takeovers } from "../support/takeover.ts";
import { firestoreEngine } from "./firestore-engine.ts";
import { busyDoor } from "./function-play.ts";

/** One of each status that the traffic hangs on; all others are gone on with in memory. */
const statuses = ["deploying", "rolling-out", "rolling-back"];

describe("what a released version left in Firestore", () => {
  let host: string;
  before(async function () {
    ({ host } = await sharedFirestore(this));
  });

  for (const schema of recordedSchemas())
    for (const status of statuses)
      it(`is gone on with from ${status} of schema ${schema} to an end, and nothing is done twice`, async () => {
        const takeover = takeovers(historiesOf(schema)).find(
          ({ last }) => last.state.active?.status === status,
        );
        if (takeover === undefined) throw new Error(`no history of schema ${schema} comes through ${status}`);
        const busy = { calls: 0 };
        const closing: (() => Promise<void>)[] = [];
        const elsewhere: Elsewhere = {
          storeFor: (bus) => {
            const { engine } = firestoreEngine(host, { publish: (messages) => bus.publish(messages) });
            closing.push(engine.close);
            return busyDoor(engine.store, busy);
          },
          isBusy: () => busy.calls > 0,
        };
        try {
          await goOn(takeover, elsewhere);
          expect(closing).to.have.length(1);
        } finally {
          for (const close of closing) await close();
        }
      });
});
