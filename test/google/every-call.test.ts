import { expect } from "chai";
import type { FirestoreConnection } from "../../shared/adapters/firestore/connect-firestore.ts";
import { sharedFirestore } from "../support/google-emulators.ts";
import { emulatorConnection, type FateOf, type VirtualCall } from "./virtual-google.ts";
import type { Fate } from "./virtual-line.ts";
import { played, type Told, troublesOf } from "./virtual-release.ts";

/** Longer than a lease (30 s), and longer than Pub/Sub waits for an answer (600 s). */
const stops = { pastLease: 45_000, pastAckDeadline: 700_000 };
const outageMs = 600_000;

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const codes = { aborted: 10, unavailable: 14 };

type Case = Readonly<{ name: string; fate: Fate; onlyCommits: boolean }>;

const cases: readonly Case[] = [
  {
    name: "is aborted",
    fate: { when: "before", kind: "refused", code: codes.aborted },
    onlyCommits: true,
  },
  {
    name: "finds nobody",
    fate: { when: "before", kind: "refused", code: codes.unavailable },
    onlyCommits: false,
  },
  {
    name: "is applied, and its answer lost",
    fate: { when: "after", kind: "refused", code: codes.unavailable },
    onlyCommits: true,
  },
  { name: "is the last of its process", fate: { when: "before", kind: "killed" }, onlyCommits: false },
  {
    name: "is applied, and the last of its process",
    fate: { when: "after", kind: "killed" },
    onlyCommits: true,
  },
  {
    name: "is sent by a process that stood still for longer than its lease",
    fate: { when: "before", kind: "stopped", forMs: stops.pastLease },
    onlyCommits: false,
  },
  {
    name: "is answered to a process that stands still for longer than its lease",
    fate: { when: "after", kind: "stopped", forMs: stops.pastLease },
    onlyCommits: true,
  },
  {
    name: "is sent by a process that stood still for longer than Pub/Sub waits",
    fate: { when: "before", kind: "stopped", forMs: stops.pastAckDeadline },
    onlyCommits: true,
  },
];

for (const [behaviour, end] of [
  ["good", "live"],
  ["bad-under-traffic", "rolled-back"],
] as const)
  describe(`a release that ends ${end}, while one call to Firestore goes wrong`, function () {
    this.timeout(120_000);
    let real: FirestoreConnection;
    let calm: Told;
    const calls: VirtualCall[] = [];
    before(async function () {
      const { host } = await sharedFirestore(this);
      real = emulatorConnection(host);
      ({ told: calm } = await played({ real, behaviour, fateOf: seen }));
      expect(calm).to.deep.include({ statuses: [end], builds: [1], deadLetters: [] });
    });
    after(() => real?.close());

    function seen(call: VirtualCall): null {
      if (call.index !== null) calls.push(call);
      return null;
    }

    for (const { name, fate, onlyCommits } of cases)
      it(`does the same to the cloud, once, whichever call ${name}`, async () => {
        const chosen = calls.filter(({ call }) => !onlyCommits || call === "commit");
        await expectCalm(
          chosen,
          ({ index }) =>
            (call) =>
              call.index === index ? fate : null,
        );
      });

    it("does the same to the cloud, once, whichever commit is the first call of ten minutes without Firestore", async () => {
      const commits = calls.filter(({ call }) => call === "commit");
      await expectCalm(commits, ({ index }) => {
        let awayUntil = 0;
        return (call, now) => {
          if (call.index === index && awayUntil === 0) awayUntil = now + outageMs;
          return now < awayUntil ? { when: "before", kind: "refused", code: codes.unavailable } : null;
        };
      });
    });

    /** Plays the release once for each of these calls. */
    async function expectCalm(chosen: readonly VirtualCall[], fateOf: (first: VirtualCall) => FateOf) {
      const nameOf = (one: VirtualCall): string => `call ${one.index} (${one.function} ${one.call})`;
      const troubles = await troublesOf(chosen.filter(isNew), nameOf, async (first) => {
        const { told, world } = await played({ real, behaviour, fateOf: fateOf(first) });
        expect(world.suffered).to.be.at.least(1);
        expect(told).to.deep.equal(calm);
      });
      expect(troubles).to.deep.equal([]);
    }

    /** Up to the rollout all releases go the same way. */
    function isNew({ function: name }: VirtualCall): boolean {
      return behaviour === "good" || name === "rollout";
    }
  });
