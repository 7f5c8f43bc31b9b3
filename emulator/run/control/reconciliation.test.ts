import { expect } from "chai";
import { etagOf, nextVersion, versionOf } from "./etag.ts";
import { DEFAULT_QUOTAS } from "./quotas.ts";
import { awaitedRevisions, settle, settledRecord, withHealth } from "./reconciliation.ts";
import { generatedRevisionName, parseRevisionName, parseServiceName, regionCode } from "./resource-names.ts";
import { LATEST, REVISION, type TrafficTarget } from "./resources.ts";
import { deletionObstacle, superfluousRevisions } from "./revision-retention.ts";
import { revisionConditions } from "./revision-view.ts";
import type { RevisionHealth, ServiceState } from "./service-records.ts";
import { decideCreate, decideUpdate, type UpdateContext } from "./service-update.ts";
import { minimumInstances } from "./traffic.ts";

const key = { project: "demo", location: "us-central1", service: "api" };
const context: UpdateContext = { now: 1_000, newUid: () => "uid", random: () => 0, quotas: DEFAULT_QUOTAS };
const ready: RevisionHealth = { state: "ready", containerReadyAt: 1, healthyAt: 2, provisionedAt: 3 };
const failed: RevisionHealth = { state: "failed", at: 4, message: "it crashed", code: 9, mayRecover: false };

function created(): ServiceState {
  const decision = decideCreate(
    key,
    { template: { revision: "api-one", containers: [{ image: "v1" }] } },
    context,
  );
  if (!decision.ok) throw decision.error;
  const state = withHealth(decision.state, "api-one", ready, 1);
  const settlement = settle(state, "api-one");
  const effective = settlement.ok ? settlement.effective : [];
  return { ...state, record: { ...settledRecord(state.record, settlement, 2), effective } };
}

function deployed(health: RevisionHealth, traffic: readonly TrafficTarget[]): ServiceState {
  const body = { template: { revision: "api-two", containers: [{ image: "v2" }] }, traffic };
  const decision = decideUpdate(created(), { body, paths: ["template", "traffic"] }, context);
  if (!decision.ok) throw decision.error;
  return withHealth(decision.state, "api-two", health, 5);
}

const pinned = { type: REVISION, revision: "api-one", percent: 100 };

type Case = readonly [
  what: string,
  health: RevisionHealth,
  traffic: readonly TrafficTarget[],
  outcome: string,
];

const cases: readonly Case[] = [
  ["nothing asked for means the latest", ready, [], "api-two:100"],
  ["a failed latest is an error", failed, [], "9 it crashed"],
  ["a pin keeps the old one", ready, [pinned], "api-one:100"],
  ["a new revision that failed is an error even without traffic", failed, [pinned], "9 it crashed"],
  [
    "full names are taken too",
    ready,
    [{ ...pinned, revision: "projects/demo/locations/us-central1/services/api/revisions/api-one" }],
    "api-one:100",
  ],
  ["a tag alone leads to it", ready, [pinned, { type: LATEST, tag: "cand" }], "api-one:100 api-two:0#cand"],
  [
    "an unknown revision is an error of the route",
    ready,
    [{ ...pinned, revision: "api-green" }],
    "13 Revision 'api-green' does not exist or is deleted. Update all traffic to route to currently available revisions.",
  ],
];

describe("Carrying out a generation", () => {
  for (const [what, health, traffic, outcome] of cases)
    it(what, () => {
      const settlement = settle(deployed(health, traffic), "api-two");
      const told = settlement.ok
        ? settlement.effective
            .map(({ revision, percent, tag }) => `${revision}:${percent}${tag && `#${tag}`}`)
            .join(" ")
        : `${settlement.code} ${settlement.message}`;
      expect(told).to.equal(outcome);
    });

  it("keeps after a failure what was observed and ready before", () => {
    const state = deployed(failed, []);
    const record = settledRecord(state.record, settle(state, "api-two"), 9);
    expect(record).to.include({
      generation: 2,
      observedGeneration: 1,
      latestReady: "api-one",
      latestCreated: "api-two",
    });
    expect(record.terminal).to.include({
      state: "CONDITION_FAILED",
      reason: "REVISION_FAILED",
      message: "it crashed",
    });
    expect(record.reconciling).to.equal(false);
  });

  it("waits for the new revision and for all that traffic leads to", () => {
    const state = deployed(ready, [pinned]);
    expect(awaitedRevisions(state, "api-two").map(({ name }) => name)).to.deep.equal(["api-one", "api-two"]);
    expect(awaitedRevisions(state, null).map(({ name }) => name)).to.deep.equal(["api-one"]);
  });

  it("divides the service's minimum by share, counts a revision's own when a tag leads to it, and obeys the maximum", () => {
    const state = deployed(ready, [
      { ...pinned, percent: 75 },
      { type: LATEST, percent: 25, tag: "cand" },
    ]);
    const settlement = settle(state, null);
    const targets = settlement.ok ? settlement.effective : [];
    const withScaling = (scaling: object): ServiceState => ({
      ...state,
      record: { ...state.record, spec: { ...state.record.spec, scaling } },
    });
    expect([...minimumInstances(withScaling({ minInstanceCount: 4 }), targets)]).to.deep.equal([
      ["api-one", 3],
      ["api-two", 1],
    ]);
    expect([
      ...minimumInstances(withScaling({ minInstanceCount: 4, maxInstanceCount: 2 }), targets),
    ]).to.deep.equal([
      ["api-one", 2],
      ["api-two", 1],
    ]);
    expect([
      ...minimumInstances(withScaling({ scalingMode: "MANUAL", manualInstanceCount: 4 }), targets),
    ]).to.deep.equal([
      ["api-one", 3],
      ["api-two", 1],
    ]);
  });

  it("lets the oldest go that nothing leads to, and tells why another may not be deleted", () => {
    const state = deployed(ready, []);
    const [one, two] = state.revisions;
    expect(superfluousRevisions({ ...state, record: { ...state.record, effective: [] } }, 1)).to.deep.equal([
      "api-one",
    ]);
    expect(superfluousRevisions(state, 1)).to.deep.equal([]);
    expect(one && deletionObstacle(state, one)).to.contain("Only retired revisions can be deleted.");
    expect(two && deletionObstacle(deployed(ready, [pinned]), two)).to.contain("latest revision");
  });

  for (const [health, types] of [
    [
      { state: "pending" } as const,
      ["Ready", "ContainerReady", "ContainerHealthy", "ResourcesAvailable", "Active"],
    ],
    [failed, ["Ready", "ContainerReady", "ContainerHealthy", "ResourcesAvailable", "Active"]],
    [
      ready,
      [
        "Ready",
        "ContainerReady",
        "ContainerHealthy",
        "ResourcesAvailable",
        "Active",
        "MinInstancesProvisioned",
      ],
    ],
  ] as const)
    it(`shows the conditions of a revision that is ${health.state}`, () => {
      const state = deployed(health, []);
      const revision = state.revisions[1];
      const conditions = revision === undefined ? [] : revisionConditions(state, revision);
      expect(conditions.map(({ type }) => type)).to.deep.equal(types);
    });
});

describe("Names and versions", () => {
  it("carries the version in a quoted etag and grows it with every write", () => {
    expect(etagOf(17)).to.match(/^".+"$/);
    expect(versionOf(etagOf(17))).to.equal("17");
    expect(versionOf("mine")).to.equal("mine");
    expect(nextVersion(1, 999)).to.equal(1000);
    expect(nextVersion(1, 5000)).to.equal(5001);
  });

  it("names revisions by service, generation and three letters", () => {
    expect(generatedRevisionName("api", 12, () => 0)).to.equal("api-00012-bab");
  });

  it("parses the names of the API and nothing else", () => {
    const name = "projects/demo/locations/us-central1/services/api";
    expect(parseServiceName(name)).to.deep.equal(key);
    expect(parseServiceName(`${name}/revisions/x`)).to.equal(null);
    expect(parseRevisionName(`${name}/revisions/x`)).to.deep.equal({ key, revision: "x" });
    expect(parseRevisionName(name)).to.equal(null);
    expect(regionCode("us-central1")).to.equal("uc");
  });
});
