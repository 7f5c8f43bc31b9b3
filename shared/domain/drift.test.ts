import { expect } from "chai";
import { candidate, revisionName } from "../../test/support/fixtures.ts";
import { revisionSettings, serviceSettings } from "../../test/support/settings.ts";
import { driftInWords, driftRows } from "./drift.ts";
import type { RevisionSettings, ServiceLevelSettings } from "./service-settings.ts";
import { changedRows } from "./settings-words.ts";

const serving = candidate().revision;
const served = [{ revision: serving, percent: 100 }];

function rowsOf(
  template: Partial<RevisionSettings>,
  service: Partial<ServiceLevelSettings> = {},
  isWarmed = false,
): readonly string[] {
  const left = { settings: serviceSettings(), serving };
  const settings = serviceSettings(template, service);
  return driftRows(left, { settings, served }, { isWarmed }).map(
    ({ setting, wanted, found }) => `${setting}: ${wanted} -> ${found}`,
  );
}

const { startup } = revisionSettings().probes;
if (startup === null) throw new Error("a fixture");
const network = { connector: null, egress: "PRIVATE_RANGES_ONLY", interfaces: ["default/private"] };

const changes: readonly (readonly [Partial<RevisionSettings>, string])[] = [
  [{ memoryBytes: 2 ** 34 }, "memory: 32Gi -> 16Gi"],
  [{ memoryBytes: null }, "memory: 32Gi -> not set"],
  [{ gpu: null }, "gpu: 1 × nvidia-l4 -> none"],
  [{ zonalRedundancy: true }, "zonalRedundancy: off -> on"],
  [{ cpuAlwaysAllocated: false }, "cpuAlwaysAllocated: on -> off"],
  [{ instances: { min: 1, max: null } }, "revisionInstances: 0 to 3 -> 1 to not set"],
  [{ image: "other" }, `image: ${revisionSettings().image} -> other`],
  [{ network }, "network: none -> PRIVATE_RANGES_ONLY default/private"],
  [{ sidecars: [{ name: "proxy", image: "p:1" }] }, "container proxy: none -> p:1"],
  [{ secrets: [{ as: "env", at: "KEY", secret: "api-key", version: "3" }] }, "secret KEY: none -> api-key:3"],
  [
    { probes: { startup: { ...startup, failureThreshold: 3 }, liveness: null, readiness: null } },
    "startup probe: http /health every 10 s, 240 s in all -> http /health every 10 s, 30 s in all",
  ],
];

describe("driftRows()", () => {
  it("finds nothing where nobody changed anything", () => {
    expect(rowsOf({})).to.deep.equal([]);
  });

  for (const [change, row] of changes) it(`tells ${row}`, () => expect(rowsOf(change)).to.deep.equal([row]));

  it("tells of variables that they changed, and never to what", () => {
    const env = (values: Readonly<Record<string, string>>) =>
      Object.entries(values).map(([name, digest]) => ({ name, digest }));
    const before = serviceSettings({ env: env({ KEPT: "1", LEVEL: "2", GONE: "3" }) });
    const now = serviceSettings({ env: env({ KEPT: "1", LEVEL: "9", NEW: "4" }) });
    expect(changedRows(before, now)).to.deep.equal([
      { setting: "env GONE", wanted: "as it was", found: "removed" },
      { setting: "env LEVEL", wanted: "as it was", found: "another value" },
      { setting: "env NEW", wanted: "none", found: "added" },
    ]);
  });

  it("tells changes of the service itself, and leaves its minimum to the warmup where there is one", () => {
    const raised = { instances: { min: 1, max: null }, ingress: "internal" } as const;
    expect(rowsOf({}, raised)).to.deep.equal(["minInstances: not set -> 1", "ingress: all -> internal"]);
    expect(rowsOf({}, raised, true)).to.deep.equal(["ingress: all -> internal"]);
  });

  it("tells where the traffic goes now, unless Gantry left it to several revisions", () => {
    const other = revisionName("background-removal-00001");
    const left = { settings: serviceSettings(), serving };
    const look = { settings: serviceSettings(), served: [{ revision: other, percent: 100 }] };
    expect(driftRows(left, look, { isWarmed: false })).to.deep.equal([
      { setting: "traffic", wanted: `100 % ${serving}`, found: `100 % ${other}` },
    ]);
    expect(driftRows({ ...left, serving: null }, look, { isWarmed: false })).to.deep.equal([]);
  });

  it("tells that the service is gone", () => {
    const left = { settings: serviceSettings(), serving };
    const rows = driftRows(left, { settings: null, served: [] }, { isWarmed: false });
    expect(driftInWords(rows)).to.equal("service: exists is now deleted");
  });
});
