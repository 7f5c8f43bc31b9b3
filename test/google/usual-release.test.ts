import { expect } from "chai";
import type { FirestoreConnection } from "../../shared/adapters/firestore/connect-firestore.ts";
import type { StoreCall } from "../../shared/adapters/firestore/firestore-database.ts";
import type { ServiceKey } from "../../shared/domain/ids.ts";
import type { FunctionName } from "../../shared/install/google-parts.ts";
import { repositoryOf } from "../simulation/sim-config.ts";
import { sharedFirestore } from "../support/google-emulators.ts";
import { RecordingChat } from "../support/recording-chat.ts";
import { emulatorConnection } from "./virtual-google.ts";
import { installation } from "./virtual-installation.ts";
import { played } from "./virtual-release.ts";

const minute = 60_000;

/** The rollout that `gantry init` writes: ten minutes at 5 %, ten at 25 %, half an hour of baking. */
function usualYaml(service: ServiceKey): string {
  const [project, region, name] = service.split("/");
  return `version: 1
service: { project: ${project}, region: ${region}, name: ${name} }
source: { repository: ${repositoryOf(service)}, tags: "v*.*.*" }
verify: { checks: [ { name: health, get: /health, status: 200 } ] }
rollout:
  steps: [{ traffic: 5%, hold: 10m }, { traffic: 25%, hold: 10m }, { traffic: 100% }]
  watch: { errors: { max: 1% } }
  bake: 30m
notify: { slack: "#deploys" }
`;
}

/** Calls of the API: a read is one BatchGetDocuments, RunQuery or RunAggregationQuery, a write is one Commit. */
type Bill = { hops: number; reads: number; documents: number; writes: number; renewals: number };

type Kind = "on the way" | "notify" | "sweep";

function kindOf(name: FunctionName): Kind {
  return name === "notify" || name === "sweep" ? name : "on the way";
}

function add(bill: Bill, { kind, documents, doing }: StoreCall): void {
  if (kind === "read") {
    bill.reads += 1;
    bill.documents += documents; // each is billed
  } else if (doing === "renew a claim") bill.renewals += 1;
  else bill.writes += 1;
}

/** What Gantry may cost to do it: about a tenth more than it did when this was written. */
const most: Readonly<Record<Kind, Bill>> = {
  "on the way": { hops: 19, reads: 30, documents: 30, writes: 115, renewals: 330 },
  notify: { hops: 100, reads: 125, documents: 750, writes: 110, renewals: 0 },
  sweep: { hops: 60, reads: 4_300, documents: 4_300, writes: 5, renewals: 0 },
};

describe("a release with the rollout that gantry init writes, and a build of five minutes", function () {
  this.timeout(120_000);
  let real: FirestoreConnection;
  before(async function () {
    real = emulatorConnection((await sharedFirestore(this)).host);
  });
  after(() => real?.close());

  it("costs no more hops, reads and writes than docs/explanation/performance.md says, with Slack and the sweep", async () => {
    const none = (): Bill => ({ hops: 0, reads: 0, documents: 0, writes: 0, renewals: 0 });
    const bills: Readonly<Record<Kind, Bill>> = { "on the way": none(), notify: none(), sweep: none() };
    const observe = (name: FunctionName, call: StoreCall) => add(bills[kindOf(name)], call);
    const chat = new RecordingChat();
    const installed = await installation({ chat, yaml: usualYaml, buildMs: 5 * minute, observe });
    const { told, world } = await played({ real, installed });
    const [record] = world.records;
    const lastedMs = (record?.endedAt ?? 0) - (record?.requestedAt ?? 0);
    for (const { subscription } of world.pushes)
      bills[subscription.startsWith("notify-") ? "notify" : "on the way"].hops += 1;
    bills.sweep.hops = Math.ceil(lastedMs / installed.sweep.everyMs);
    console.table(bills);
    expect(told).to.deep.include({ statuses: ["live"], builds: [1], deadLetters: [] });
    expect(lastedMs).to.be.within(55 * minute, 56 * minute);
    expect(chat.roots).to.have.length(1);
    for (const kind of ["on the way", "notify", "sweep"] as const)
      for (const what of ["hops", "reads", "documents", "writes", "renewals"] as const)
        expect(bills[kind][what], `${kind}: ${what}`).to.be.at.most(most[kind][what]);
  });
});
