import { expect } from "chai";
import { serviceKey } from "../../test/support/fixtures.ts";
import { revisionSettings, serviceSettings } from "../../test/support/settings.ts";
import {
  guardedSecrets,
  guardrailRows,
  movedRows,
  probeWords,
  rowsInWords,
  settingsOfRows,
  settingsTable,
  sizeWords,
  sortRows,
} from "./guardrails.ts";
import type { Guardrails } from "./release-config.ts";
import type { RevisionSettings, ServiceSettings } from "./service-settings.ts";

const gib = 2 ** 30;

const none: Guardrails = {
  gpu: null,
  cpu: null,
  memoryBytes: null,
  concurrency: null,
  instances: null,
  timeoutMs: null,
  executionEnvironment: null,
  serviceAccount: null,
  ingress: null,
  secrets: null,
  probes: null,
};

const all: Guardrails = {
  gpu: { type: "nvidia-l4", count: 1 },
  cpu: 8,
  memoryBytes: 32 * gib,
  concurrency: 1,
  instances: { min: 0, max: 3 },
  timeoutMs: 600_000,
  executionEnvironment: "gen2",
  serviceAccount: "api@demo.iam.gserviceaccount.com",
  ingress: "all",
  secrets: { KEY: "api-key:3" },
  probes: { startup: "http /health", liveness: "none", readiness: null },
};

const kept = serviceSettings({
  serviceAccount: "api@demo.iam.gserviceaccount.com",
  secrets: [{ as: "env", at: "KEY", secret: "api-key", version: "3" }],
});

function rowsOf(guardrails: Guardrails, settings: ServiceSettings, isWarmed = false): readonly string[] {
  return guardrailRows(guardrails, { settings, isWarmed }).map(
    ({ setting, wanted, found }) => `${setting}: ${wanted} -> ${found}`,
  );
}

const tcp = { ...kept.template.probes, startup: null };

const changes: readonly (readonly [Partial<RevisionSettings>, string])[] = [
  [{ gpu: null }, "gpu: 1 × nvidia-l4 -> none"],
  [{ gpu: { type: "nvidia-rtx-pro-6000", count: 1 } }, "gpu: 1 × nvidia-l4 -> 1 × nvidia-rtx-pro-6000"],
  [{ cpu: 4 }, "cpu: 8 vCPU -> 4 vCPU"],
  [{ cpu: null }, "cpu: 8 vCPU -> 1 vCPU"],
  [{ memoryBytes: 16 * gib }, "memory: 32Gi -> 16Gi"],
  [{ memoryBytes: null }, "memory: 32Gi -> 512Mi"],
  [{ concurrency: 80 }, "concurrency: 1 -> 80"],
  [{ concurrency: null }, "concurrency: 1 -> 80"],
  [{ instances: { min: 1, max: 3 } }, "instances: 0 to 3 -> 1 to 3"],
  [{ instances: { min: 0, max: null } }, "instances: 0 to 3 -> 0 to 100"],
  [{ timeoutMs: 60_000 }, "timeout: 600 s -> 60 s"],
  [{ timeoutMs: null }, "timeout: 600 s -> 300 s"],
  [{ executionEnvironment: "gen1" }, "executionEnvironment: gen2 -> gen1"],
  [
    { serviceAccount: null },
    "serviceAccount: api@demo.iam.gserviceaccount.com -> the project's default account",
  ],
  [{ secrets: [] }, "secrets: KEY=api-key:3 -> none"],
  [{ probes: tcp }, "probes: startup http /health -> startup none"],
];

describe("guardrailRows()", () => {
  it("finds nothing where all is as promised, and looks at nothing that is not guarded", () => {
    expect(rowsOf(all, kept)).to.deep.equal([]);
    expect(rowsOf(none, serviceSettings({ gpu: null, cpu: 1 }))).to.deep.equal([]);
  });

  for (const [change, row] of changes)
    it(`tells ${row}`, () => {
      expect(rowsOf(all, { ...kept, template: { ...kept.template, ...change } })).to.deep.equal([row]);
    });

  it("knows that a GPU runs in the second generation where nothing says so, and guesses for no other service", () => {
    const guarded: Guardrails = { ...none, executionEnvironment: "gen2" };
    expect(rowsOf(guarded, serviceSettings({ executionEnvironment: null }))).to.deep.equal([]);
    expect(rowsOf(guarded, serviceSettings({ executionEnvironment: null, gpu: null }))).to.deep.equal([
      "executionEnvironment: gen2 -> chosen by Cloud Run",
    ]);
  });

  it("counts the limits of the service, but not the minimum that the warmup sets", () => {
    const warmed = serviceSettings({}, { instances: { min: 1, max: 2 } });
    const guarded: Guardrails = { ...none, instances: { min: 0, max: 3 } };
    expect(rowsOf(guarded, warmed)).to.deep.equal(["instances: 0 to 3 -> 1 to 2"]);
    expect(rowsOf(guarded, warmed, true)).to.deep.equal(["instances: 0 to 3 -> 0 to 2"]);
  });

  it("tells a changed ingress, and takes one that is not told for open", () => {
    const guarded: Guardrails = { ...none, ingress: "internal" };
    expect(rowsOf(guarded, serviceSettings({}, { ingress: null }))).to.deep.equal([
      "ingress: internal -> all",
    ]);
  });
});

describe("guardedSecrets()", () => {
  it("tells what a service that guard rails shape would use", () => {
    expect(guardedSecrets({ ...none, secrets: { KEY: "api-key:3", "/keys/cert.pem": "tls" } })).to.deep.equal(
      [
        { as: "env", at: "KEY", secret: "api-key", version: "3" },
        { as: "mount", at: "/keys/cert.pem", secret: "tls", version: "latest" },
      ],
    );
    expect(guardedSecrets(none)).to.deep.equal([]);
  });
});

describe("rows of settings", () => {
  const rows = guardrailRows(all, {
    settings: { ...kept, template: { ...kept.template, memoryBytes: 16 * gib, gpu: null } },
    isWarmed: false,
  });

  it("are sorted by what a person allowed", () => {
    const { refused, allowed } = sortRows(rows, { settings: ["memory"], reason: "smaller model" });
    expect([settingsOfRows(refused), settingsOfRows(allowed)]).to.deep.equal(["gpu", "memory"]);
    expect(sortRows(rows, null).refused).to.have.length(2);
  });

  it("are a table with aligned columns, and a sentence", () => {
    expect(settingsTable(rows)).to.equal(
      ["SETTING  WANTED         FOUND", "gpu      1 × nvidia-l4  none", "memory   32Gi           16Gi"].join(
        "\n",
      ),
    );
    expect(settingsTable(rows, ["BEFORE", "NOW"])).to.include("BEFORE");
    expect(settingsTable([])).to.equal("");
    expect(rowsInWords(rows)).to.equal("gpu is none, not 1 × nvidia-l4; memory is 16Gi, not 32Gi");
  });

  it("say where a repository's service stood before", () => {
    const moved = movedRows(
      { project: "gantry-test", region: "us-central1", name: "background-removal" },
      serviceKey(),
    );
    expect(moved).to.deep.equal([{ setting: "region", wanted: "europe-west1", found: "us-central1" }]);
  });
});

describe("words for settings", () => {
  it("say sizes in whole units", () => {
    expect([sizeWords(gib), sizeWords(512 * 2 ** 20), sizeWords(1_000)]).to.deep.equal([
      "1Gi",
      "512Mi",
      "1000 bytes",
    ]);
  });

  it("say what a probe asks", () => {
    const { startup } = revisionSettings().probes;
    if (startup === null) throw new Error("a fixture");
    expect([probeWords(startup), probeWords({ ...startup, path: null }), probeWords(null)]).to.deep.equal([
      "http /health",
      "http /",
      "none",
    ]);
    expect(probeWords({ ...startup, kind: "tcp" })).to.equal("tcp");
  });
});
