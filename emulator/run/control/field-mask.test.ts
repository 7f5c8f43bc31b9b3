import { expect } from "chai";
import { applyFieldMask } from "./field-mask.ts";
import type { ServiceBody, ServiceSpec } from "./resources.ts";

const current: ServiceSpec = {
  labels: { team: "a", cost_centre: "1" },
  template: { revision: "api-one", containers: [{ image: "v1" }], maxInstanceRequestConcurrency: 80 },
  traffic: [{ percent: 100 }],
  scaling: { minInstanceCount: 1 },
};

const { labels: _cleared, ...withoutLabels } = current;

type Case = readonly [does: string, paths: readonly string[], body: ServiceBody, spec: ServiceSpec];

const cases: readonly Case[] = [
  [
    "replaces everything without a mask",
    [],
    { name: "x", etag: "y", template: { containers: [{ image: "v2" }] } },
    { template: { containers: [{ image: "v2" }] } },
  ],
  [
    "ignores fields outside the mask",
    ["traffic"],
    { traffic: [{ percent: 90 }], labels: {}, template: {} },
    { ...current, traffic: [{ percent: 90 }] },
  ],
  ["clears a field that is named and absent", ["labels"], {}, withoutLabels],
  [
    "reaches into a message in snake case",
    ["scaling.min_instance_count"],
    { scaling: { minInstanceCount: 0, maxInstanceCount: 9 } },
    { ...current, scaling: { minInstanceCount: 0 } },
  ],
  [
    "reaches into a message in camel case",
    ["scaling.minInstanceCount"],
    { scaling: { minInstanceCount: 2 } },
    { ...current, scaling: { minInstanceCount: 2 } },
  ],
  [
    "sets one label and leaves the others, keeping its spelling",
    ["labels.cost_centre"],
    { labels: { cost_centre: "2" } },
    { ...current, labels: { team: "a", cost_centre: "2" } },
  ],
  [
    "takes out the revision name while the image changes",
    ["template.revision", "template.containers"],
    { template: { containers: [{ image: "v2" }] } },
    { ...current, template: { containers: [{ image: "v2" }], maxInstanceRequestConcurrency: 80 } },
  ],
  ["leaves what only the server sets", ["etag", "name", "conditions"], { etag: "z" }, current],
];

describe("A field mask", () => {
  for (const [does, paths, body, spec] of cases)
    it(does, () => {
      const result = applyFieldMask(current, body, paths);
      const plain: unknown = JSON.parse(JSON.stringify(result));
      expect(plain).to.deep.equal(JSON.parse(JSON.stringify({ ok: true, spec })));
    });

  it("refuses unknown fields and paths into lists", () => {
    expect(applyFieldMask(current, {}, ["trafic"])).to.deep.include({ ok: false, path: "trafic" });
    expect(applyFieldMask(current, {}, ["template.containers.image"])).to.deep.include({ ok: false });
  });
});
