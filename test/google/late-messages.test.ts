import { expect } from "chai";
import type { FirestoreConnection } from "../../shared/adapters/firestore/connect-firestore.ts";
import { sharedFirestore } from "../support/google-emulators.ts";
import { emulatorConnection, type VirtualOptions } from "./virtual-google.ts";
import type { VirtualPush } from "./virtual-instance.ts";
import { played, type Told, troublesOf } from "./virtual-release.ts";

const minute = 60_000;
const hour = 60 * minute;

/** Pub/Sub keeps what was not acknowledged for 7 days (https://cloud.google.com/pubsub/docs/subscription-properties). */
const again = [0, 23 * hour, 6 * 24 * hour];

for (const [behaviour, end] of [
  ["good", "live"],
  ["bad-under-traffic", "rolled-back"],
] as const)
  describe(`a release that ends ${end}, on Firestore, while Pub/Sub is at its worst`, function () {
    this.timeout(120_000);
    let real: FirestoreConnection;
    let calm: Told;
    let messages: readonly VirtualPush[];
    before(async function () {
      const { host } = await sharedFirestore(this);
      real = emulatorConnection(host);
      const { told, world } = await played({ real, behaviour });
      calm = told;
      messages = world.pushes;
      expect(calm).to.deep.include({ statuses: [end], builds: [1], deadLetters: [], commits: 0 });
      expect(messages.map(({ subscription }) => subscription)).to.include.members([
        "build-releases",
        "deploy-builds",
        "verify-work",
        "rollout-work",
      ]);
    });
    after(() => real?.close());

    function anHourLate(): void {
      it("does the same to the cloud, once, whichever message comes an hour late", async () => {
        const nameOf = ({ messageId, subscription }: VirtualPush) =>
          `message ${messageId} of ${subscription}`;
        const troubles = await troublesOf(messages, nameOf, ({ messageId }) =>
          expectCalm({ copiesOf: (push) => [push.messageId === messageId ? hour : 0] }, 2 * hour),
        );
        expect(troubles).to.deep.equal([]);
      });

      it("does the same to the cloud, once, when every message but the request comes an hour late", () =>
        expectCalm(
          { copiesOf: ({ subscription }) => [subscription === "build-releases" ? 0 : hour] },
          3 * hour,
        ));
    }

    async function expectCalm(options: Partial<VirtualOptions>, thenMs: number): Promise<void> {
      const { told } = await played({ real, behaviour, ...options }, thenMs);
      expect(told).to.deep.equal(calm);
    }

    if (behaviour === "good") anHourLate();

    it("does nothing any more when every message comes again, 23 hours later and six days later", () =>
      expectCalm({ copiesOf: () => again }, 7 * 24 * hour));

    it("does the same to the cloud, once, when two instances get every message at once", () =>
      expectCalm({ copiesOf: () => [0, 0] }, minute));

    it("does the same to the cloud, once, when messages come up to three times and overtake each other", async () => {
      const seeds = [1, 2, 3, 4, 5, 6];
      const troubles = await troublesOf(
        seeds,
        (seed) => `seed ${seed}`,
        async (seed) => {
          const copiesOf: VirtualOptions["copiesOf"] = (_push, random) =>
            Array.from({ length: random.int(1, 3) }, () => random.int(0, 2 * minute));
          await expectCalm({ seed, copiesOf }, 3 * minute);
        },
      );
      expect(troubles).to.deep.equal([]);
    });
  });
