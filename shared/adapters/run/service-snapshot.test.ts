import { expect } from "chai";
import type { ServiceKey } from "../../domain/ids.ts";
import {
  type IRevision,
  type IService,
  readinessOf,
  revisionSnapshotOf,
  serviceSnapshotOf,
} from "./service-snapshot.ts";

const key = "demo-project/us-central1/api" as ServiceKey;
const path = "projects/demo-project/locations/us-central1/services/api";
const digest = `sha256:${"a".repeat(64)}`;

/** A service as a plain call answers: enums by name, int64 as text. */
const plain: IService = {
  uri: "https://api.run",
  generation: "7",
  observedGeneration: "7",
  latestReadyRevision: `${path}/revisions/api-2`,
  terminalCondition: { type: "Ready", state: "CONDITION_SUCCEEDED" },
  traffic: [
    { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", revision: "", percent: 90, tag: "" },
    { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", revision: "api-1", percent: 10, tag: "g-1" },
  ],
  trafficStatuses: [
    { type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", revision: "", percent: 90, tag: "", uri: "" },
    {
      type: "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
      revision: "api-1",
      percent: 10,
      tag: "g-1",
      uri: "https://g-1",
    },
  ],
};

/** The same as an operation's result carries it: enums as numbers, int64 as objects, and full revision names. */
const decoded = {
  ...plain,
  generation: { toString: () => "7" },
  observedGeneration: { toString: () => "7" },
  terminalCondition: { type: "Ready", state: 4 },
  traffic: [
    { type: 1, percent: 90 },
    { type: 2, revision: `${path}/revisions/api-1`, percent: 10, tag: "g-1" },
  ],
  trafficStatuses: [
    { type: 1, revision: "api-2", percent: 90 },
    { type: 2, revision: `${path}/revisions/api-1`, percent: 10, tag: "g-1", uri: "https://g-1" },
  ],
} as unknown as IService;

describe("serviceSnapshotOf()", () => {
  it("reads names and numbers, short and full names, text and Long alike", () => {
    const expected = {
      service: key,
      url: "https://api.run",
      desired: [
        { revision: null, percent: 90, tag: null },
        { revision: "api-1", percent: 10, tag: "g-1" },
      ],
      effective: [
        { revision: "api-2", percent: 90, tag: null, url: null },
        { revision: "api-1", percent: 10, tag: "g-1", url: "https://g-1" },
      ],
      settled: true,
      ready: { state: "ready", message: "" },
      latestReadyRevision: "api-2",
    };
    expect(serviceSnapshotOf(key, plain)).to.deep.equal(expected);
    expect(serviceSnapshotOf(key, decoded)).to.deep.equal(expected);
  });

  it("takes an empty traffic list for all traffic to the latest revision", () => {
    expect(serviceSnapshotOf(key, {}).desired).to.deep.equal([{ revision: null, percent: 100, tag: null }]);
  });

  const failed = { type: "Ready", state: "CONDITION_FAILED", message: "no" } as const;
  const settledness: readonly [string, IService, boolean][] = [
    ["carried out", plain, true],
    ["reconciling", { ...plain, reconciling: true }, false],
    ["not observed yet", { ...plain, observedGeneration: "6" }, false],
    [
      "failed, with what was observed left at the last good state",
      { ...plain, observedGeneration: "6", terminalCondition: failed },
      true,
    ],
    ["new", {}, false],
  ];
  for (const [name, service, settled] of settledness)
    it(`calls a service ${settled ? "settled" : "unsettled"} that is ${name}`, () => {
      expect(serviceSnapshotOf(key, service).settled).to.equal(settled);
    });
});

describe("readinessOf()", () => {
  const cases: readonly [string, Parameters<typeof readinessOf>[0], string][] = [
    ["ready", { state: "CONDITION_SUCCEEDED" }, "ready"],
    ["a retired revision", { state: "CONDITION_SUCCEEDED", revisionReason: "RETIRED" }, "ready"],
    ["ready as a number", { state: 4 }, "ready"],
    ["failed", { state: "CONDITION_FAILED" }, "failed"],
    ["failed with severity ERROR", { state: 3, severity: 1 }, "failed"],
    ["failed with severity INFO", { state: "CONDITION_FAILED", severity: "INFO" }, "working"],
    ["failed with severity WARNING", { state: 3, severity: 2 }, "working"],
    ["pending", { state: "CONDITION_PENDING" }, "working"],
    ["reconciling", { state: 2 }, "working"],
    ["no condition at all", undefined, "working"],
  ];
  for (const [name, condition, state] of cases)
    it(`reads ${name} as ${state}`, () => {
      expect(readinessOf(condition).state).to.equal(state);
    });
});

describe("revisionSnapshotOf()", () => {
  const revision: IRevision = {
    name: `${path}/revisions/api-1`,
    labels: { "gantry-release": "rel-1" },
    containers: [
      { image: "host/proxy:1" },
      { image: `host/api@${digest}`, ports: [{ containerPort: 8080 }] },
    ],
    conditions: [
      { type: "Active", state: "CONDITION_FAILED", severity: "INFO", revisionReason: "RETIRED" },
      { type: "Ready", state: "CONDITION_SUCCEEDED", revisionReason: "RETIRED" },
    ],
  };

  it("judges by Ready alone and takes the digest of the container that serves", () => {
    expect(revisionSnapshotOf(revision)).to.deep.equal({
      revision: "api-1",
      imageDigest: digest,
      labels: { "gantry-release": "rel-1" },
      createdAt: null,
      firstStart: null,
      ready: { state: "ready", reason: "RETIRED", message: "" },
    });
  });

  describe("tells when the first instance started and was ready", () => {
    const at = (seconds: number, nanos = 0) => ({ seconds, nanos });
    const ready = {
      type: "ContainerReady",
      state: "CONDITION_SUCCEEDED",
      lastTransitionTime: at(100),
    } as const;
    const healthy = {
      type: "ContainerHealthy",
      state: "CONDITION_SUCCEEDED",
      lastTransitionTime: at(116, 300_000_000),
    } as const;
    for (const [name, conditions, expected] of [
      ["by both conditions", [ready, healthy], { from: 100_000, to: 116_300 }],
      ["not before it is healthy", [ready, { ...healthy, state: "CONDITION_RECONCILING" }], null],
      ["not when it failed", [ready, { ...healthy, state: "CONDITION_FAILED" }], null],
      [
        "not when its check is skipped",
        [ready, { ...healthy, revisionReason: "HEALTH_CHECK_SKIPPED" }],
        null,
      ],
      [
        "not when its check is skipped, by number",
        [ready, { ...healthy, state: 4, revisionReason: 11 }],
        null,
      ],
      ["not without an image", [healthy], null],
    ] as const) {
      it(name, () => {
        const found = revisionSnapshotOf({ ...revision, createTime: at(97), conditions: [...conditions] });
        expect([found?.firstStart, found?.createdAt]).to.deep.equal([expected, 97_000]);
      });
    }
  });

  it("knows no digest of an image that was deployed by tag", () => {
    const found = revisionSnapshotOf({ ...revision, containers: [{ image: "host/api:latest" }] });
    expect(found?.imageDigest).to.equal(null);
  });
});
