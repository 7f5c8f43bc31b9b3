import { expect } from "chai";
import type { ImageDigest, ReleaseId, RevisionName, ServiceKey, TagName } from "../../domain/ids.ts";
import { type CandidatePlan, planCandidate } from "./candidate-plan.ts";
import type { IRevision, IService } from "./service-snapshot.ts";

const path = "projects/demo-project/locations/us-central1/services/api/revisions";
const image = { name: "host/api", digest: `sha256:${"a".repeat(64)}` as ImageDigest };

const request = {
  service: "demo-project/us-central1/api" as ServiceKey,
  releaseId: "rel-00000002" as ReleaseId,
  tag: "v2" as TagName,
  image,
  runtime: { env: {}, port: null, serviceAccount: null },
};

type Entry = readonly [revision: string | null, percent: number, tag?: string];

const entries = (all: readonly Entry[]): NonNullable<IService["traffic"]> =>
  all.map(([revision, percent, tag = ""]) =>
    revision === null ? { type: 1, percent, tag } : { type: 2, revision, percent, tag },
  );

/** A settled service with revision api-1 live; `desired` and `effective` are the same unless both are given. */
function service(desired: readonly Entry[], effective = desired, change: IService = {}): IService {
  return {
    generation: 3,
    observedGeneration: 3,
    etag: '"e3"',
    terminalCondition: { state: 4 },
    latestReadyRevision: `${path}/api-1`,
    latestCreatedRevision: `${path}/api-1`,
    template: { containers: [{ image: "host/api:old" }] },
    traffic: entries(desired),
    trafficStatuses: entries(effective),
    ...change,
  };
}

const failed: IService = { terminalCondition: { state: 3, message: "no" } };
const ready: IRevision["conditions"] = [{ type: "Ready", state: 4 }];
const broken: IRevision["conditions"] = [{ type: "Ready", state: 3 }];

/** api-1: made by hand, ready. api-old: of a release, ready. api-bad: of a release, failed. api-2: this release's. */
const revisions = new Map<RevisionName, IRevision | null>(
  [
    { name: `${path}/api-1`, conditions: ready },
    { name: `${path}/api-old`, conditions: ready, labels: { "gantry-release": "rel-0" } },
    { name: `${path}/api-bad`, conditions: broken, labels: { "gantry-release": "rel-1" } },
    { name: `${path}/api-hand`, conditions: broken },
    { name: `${path}/api-2`, labels: { "gantry-release": "rel-00000002" } },
  ].map((revision) => [revision.name.split("/").at(-1) as RevisionName, revision]),
);

function plan(found: IService, { isPatient = false, attempt = 1 } = {}): CandidatePlan {
  return planCandidate({ service: found, revisions }, request, { attempt, isPatient });
}

function trafficOf(found: CandidatePlan): unknown {
  if (found.plan !== "write") return found;
  return found.traffic.map(({ revision, percent, tag }) => [
    revision === found.revision ? "candidate" : revision,
    percent,
    tag,
  ]);
}

const own = "g-00000002";
const pinned = ["api-1", 100, null];
const candidate = ["candidate", 0, own];

describe("planCandidate()", () => {
  const writes: readonly [string, IService, readonly unknown[]][] = [
    [
      "pins the latest revision by name when traffic followed the latest",
      service([[null, 100]]),
      [pinned, candidate],
    ],
    ["takes an empty list for that", service([], [["api-1", 100]]), [pinned, candidate]],
    [
      "keeps tags of others, also those that follow the latest revision",
      service([
        ["api-1", 100, "prod"],
        [null, 0, "newest"],
        ["api-hand", 0, "blue"],
      ]),
      [["api-1", 100, "prod"], candidate, [null, 0, "newest"], ["api-hand", 0, "blue"]],
    ],
    [
      "keeps Gantry's own tag on a revision that is ready, and drops it from one that failed or is gone",
      service([
        ["api-1", 100],
        ["api-old", 0, "g-old"],
        ["api-bad", 0, "g-bad"],
        ["api-gone", 0, "g-gone"],
      ]),
      [pinned, candidate, ["api-old", 0, "g-old"]],
    ],
    [
      "repairs a list that a failed release of Gantry's left",
      service(
        [
          ["api-1", 90],
          ["api-bad", 10, "g-bad"],
        ],
        [["api-1", 100]],
        failed,
      ),
      [pinned, candidate],
    ],
    [
      "goes on beside a deploy by hand that failed",
      service([[null, 100]], [["api-1", 100]], { ...failed, latestCreatedRevision: `${path}/api-hand` }),
      [pinned, candidate],
    ],
    [
      "drops its own tag from a revision that is another release's",
      service([
        ["api-1", 100],
        ["api-old", 0, own],
      ]),
      [pinned, candidate],
    ],
    [
      "goes on when an older write never ends, as long as it is served",
      service([["api-1", 100]], [["api-1", 100]], { reconciling: true }),
      [pinned, candidate],
    ],
  ];
  for (const [name, found, traffic] of writes)
    it(name, () => {
      expect(trafficOf(plan(found))).to.deep.equal(traffic);
    });

  it("writes the etag that was read, the fields that change, and nothing else", () => {
    const found = plan(service([["api-1", 100]]));
    if (found.plan !== "write") throw new Error(JSON.stringify(found));
    expect(found.body.etag).to.equal('"e3"');
    expect(Object.keys(found.body)).to.deep.equal(["template", "traffic", "etag"]);
    expect(found.paths).to.deep.equal([
      "template.revision",
      "template.labels",
      "template.containers",
      "traffic",
    ]);
    expect(found.body.template?.revision).to.equal(found.revision);
    expect(found.stable).to.equal("api-1");
  });

  it("writes the whole template where it takes up the live revision's settings again", () => {
    const template = { labels: { "gantry-release": "rel-1" }, containers: [{ image: "host/api:bad" }] };
    const found = plan(service([["api-1", 100]], undefined, { template }));
    expect(found.plan === "write" && found.paths).to.deep.equal(["template", "traffic"]);
  });

  it("gives every attempt a name of its own, and the same attempt the same name", () => {
    const nameOf = (attempt: number): unknown => {
      const found = plan(service([["api-1", 100]]), { attempt });
      return found.plan === "write" && found.revision;
    };
    expect(nameOf(1)).to.equal(nameOf(1));
    expect(nameOf(1)).to.not.equal(nameOf(2));
  });

  const others: readonly [string, IService, object, { isPatient?: boolean }?][] = [
    [
      "adopts what an earlier call wrote",
      service(
        [
          ["api-1", 100],
          ["api-2", 0, own],
        ],
        [["api-1", 100]],
        { reconciling: true },
      ),
      { plan: "adopt", revision: "api-2", stable: "api-1" },
      { isPatient: true },
    ],
    [
      "adopts the service that this release made, without a stable revision",
      service([[null, 100, own]], [], {
        labels: { "gantry-created-by": "rel-00000002" },
        template: { revision: "api-2", labels: { "gantry-release": "rel-00000002" } },
        latestReadyRevision: "",
        reconciling: true,
      }),
      { plan: "adopt", revision: "api-2", stable: null },
    ],
    [
      "waits for somebody's write that is still carried out",
      service([["api-1", 100]], undefined, { reconciling: true }),
      { plan: "wait" },
      { isPatient: true },
    ],
    [
      "waits while traffic lags behind",
      service([["api-old", 100]], [["api-1", 100]]),
      { plan: "wait" },
      { isPatient: true },
    ],
    [
      "refuses a split, and says what it found",
      service([
        ["api-1", 60],
        ["api-old", 40],
      ]),
      {
        plan: "refuse",
        message:
          "no single revision serves all traffic, so there is no stable one to return to: found 60 % api-1, 40 % api-old",
      },
    ],
    [
      "refuses a service that serves nothing",
      service([[null, 100]], [], failed),
      {
        plan: "refuse",
        message:
          "no single revision serves all traffic, so there is no stable one to return to: found no traffic to any revision",
      },
    ],
    [
      "never undoes what a person asked for, even where Cloud Run could not do it",
      service(
        [
          ["api-1", 50],
          ["api-hand", 50],
        ],
        [["api-1", 100]],
        failed,
      ),
      {
        plan: "refuse",
        message:
          "the traffic that was asked for (50 % api-1, 50 % api-hand) is not what is served (100 % api-1)",
      },
    ],
    [
      "never pins the old revision while somebody's own deploy is under way",
      service([[null, 100]], [["api-1", 100]], {
        reconciling: true,
        latestCreatedRevision: `${path}/api-hand`,
      }),
      { plan: "refuse", message: "somebody's own deploy to this service is still under way" },
    ],
    [
      "refuses when a person gave the candidate all traffic before its gate",
      service([["api-2", 100, own]]),
      {
        plan: "refuse",
        message:
          "no single revision serves all traffic, so there is no stable one to return to: found 100 % api-2",
      },
    ],
  ];
  for (const [name, found, expected, options] of others)
    it(name, () => {
      expect(plan(found, options)).to.deep.equal(expected);
    });
});
