import { expect } from "chai";
import type { ServiceEvent } from "../domain/events.ts";
import type { ReleaseId, ServiceKey } from "../domain/ids.ts";
import type { ReleaseRecord } from "../domain/release-record.ts";
import type { ReleaseStatus } from "../domain/words.ts";
import { learntColdStarts } from "./learnt-cold-starts.ts";

const service = "demo/us-central1/api" as ServiceKey;

/** A store that knows these releases, newest first; null = the gate measured no cold start. */
function storeOf(releases: readonly Readonly<{ status: ReleaseStatus; coldStartMs: number | null }>[]) {
  const idOf = (index: number) => `r-${index}` as ReleaseId;
  const read: number[] = [];
  return {
    read,
    releases: async ({ limit }: Readonly<{ limit: number }>) =>
      releases
        .slice(0, limit)
        .map(({ status }, index) => ({ id: idOf(index), status }) as unknown as ReleaseRecord),
    releaseEvents: async (releaseId: ReleaseId, part?: Readonly<{ first: number }>) => {
      read.push(part?.first ?? Number.POSITIVE_INFINITY);
      const { coldStartMs = null } = releases[Number(releaseId.slice(2))] ?? {};
      const measured = coldStartMs === null ? {} : { coldStartMs };
      const event: ServiceEvent = { type: "gate-passed", at: 1, releaseId, checks: [], ...measured };
      return [{ service, sequence: 1, position: 1, event }];
    },
  };
}

describe("learntColdStarts()", () => {
  it("takes the good releases that were measured, newest first", async () => {
    const store = storeOf([
      { status: "verifying", coldStartMs: 1 },
      { status: "live", coldStartMs: 30 },
      { status: "rolled-back", coldStartMs: 2 },
      { status: "live", coldStartMs: null },
      { status: "live", coldStartMs: 40 },
    ]);
    expect(await learntColdStarts({ store, service })).to.deep.equal([30, 40]);
  });

  it("learns from the last ten", async () => {
    const store = storeOf(Array.from({ length: 30 }, (_, index) => ({ status: "live", coldStartMs: index })));
    expect(await learntColdStarts({ store, service })).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(Math.max(...store.read), "of a release that was watched for weeks").to.equal(300);
  });
});
