import { expect } from "chai";
import { revisionName, serviceKey } from "../../test/support/fixtures.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { settingsReading } from "../../test/support/settings.ts";
import type { RevisionName } from "../domain/ids.ts";
import type { ServiceSnapshot, SettingsReading } from "../ports/run.ts";
import { settledReading } from "./read-preflight.ts";

const service = serviceKey();
const before = revisionName("background-removal-00001-old");
const after = revisionName("background-removal-00002-new");

type Now = Partial<Pick<ServiceSnapshot, "settled" | "ready">>;

function asked(wished: RevisionName, served: RevisionName, now: Now = {}): SettingsReading {
  const share = (revision: RevisionName) => ({ revision, percent: 100, tag: null });
  return settingsReading({
    service,
    url: "https://background-removal.example.test",
    desired: [share(wished)],
    effective: [{ ...share(served), url: null }],
    settled: true,
    ready: { state: "ready", message: "" },
    latestReadyRevision: wished,
    ...now,
  });
}

/** What each look finds; the last one stays. */
async function looks(...readings: readonly (SettingsReading | null)[]) {
  const clock = new ManualClock();
  let looked = 0;
  const readSettings = async () => readings[Math.min(looked++, readings.length - 1)] ?? null;
  const reading = settledReading(
    { run: { readSettings }, clock },
    { service, withinMs: 10_000, signal: new AbortController().signal },
  ).then((found) => ({ found, looked }));
  await clock.advance(60_000);
  return reading;
}

describe("a preflight that comes while somebody's write is being carried out", () => {
  const working = { settled: false, ready: { state: "working", message: "" } } as const;
  const failed = { settled: true, ready: { state: "failed", message: "no such revision" } } as const;

  it("waits until requests meet what was asked for, and judges that", async () => {
    const done = asked(after, after);
    const { found, looked } = await looks(asked(after, before, working), asked(after, before), done);
    expect(found).to.equal(done);
    expect(looked).to.equal(3);
  });

  it("judges what stands when the write takes longer than it may wait", async () => {
    const stuck = asked(after, before, working);
    const { found, looked } = await looks(stuck);
    expect(found).to.equal(stuck);
    expect(looked).to.equal(11); // once a second for ten seconds
  });

  for (const [name, reading] of [
    ["does not exist", null],
    ["is settled", asked(before, before)],
    ["failed to do what was asked, which waiting does not mend", asked(after, before, failed)],
  ] as const)
    it(`looks once where the service ${name}`, async () => {
      const { found, looked } = await looks(reading);
      expect(found).to.equal(reading);
      expect(looked).to.equal(1);
    });
});
