import { expect } from "chai";
import type { ImageDigest, ReleaseId, RevisionName } from "../../domain/ids.ts";
import type { Guardrails } from "../../domain/release-config.ts";
import {
  baseTemplate,
  candidateTemplate,
  type ITemplate,
  type TemplateChange,
} from "./candidate-template.ts";
import { firstService, firstTemplate } from "./first-service.ts";

const digest = `sha256:${"a".repeat(64)}` as ImageDigest;

const change: TemplateChange = {
  releaseId: "rel-2" as ReleaseId,
  image: { name: "host/api", digest },
  runtime: { env: { MODE: "base", NEW: "1" }, port: null, serviceAccount: null },
  stable: "api-1" as RevisionName,
};

const live: ITemplate = {
  revision: "api-1",
  labels: { team: "search", "gantry-release": "rel-1", "gantry-stable": "api-0" },
  annotations: { note: "kept" },
  timeout: { seconds: "600", nanos: 0 },
  serviceAccount: "runner@demo",
  volumes: [{ name: "v", secret: { secret: "s" } }],
  containers: [
    { name: "proxy", image: "host/proxy:1" },
    {
      name: "api",
      image: "host/api@sha256:old",
      ports: [{ name: "h2c", containerPort: 9000 }],
      env: [
        { name: "KEPT", value: "x" },
        { name: "MODE", value: "old" },
        { name: "TOKEN", valueSource: { secretKeyRef: { secret: "token", version: "3" } } },
      ],
      resources: { limits: { cpu: "8", "nvidia.com/gpu": "1" }, cpuIdle: false },
    },
  ],
};

describe("candidateTemplate()", () => {
  it("changes image, declared variables and Gantry's labels of the serving container, and nothing else", () => {
    const [proxy, api] = live.containers ?? [];
    expect(candidateTemplate(live, change)).to.deep.equal({
      ...live,
      revision: "",
      labels: { team: "search", "gantry-release": "rel-2", "gantry-stable": "api-1" },
      containers: [
        proxy,
        {
          ...api,
          image: `host/api@${digest}`,
          env: [
            { name: "KEPT", value: "x" },
            { name: "MODE", value: "base" },
            { name: "TOKEN", valueSource: { secretKeyRef: { secret: "token", version: "3" } } },
            { name: "NEW", value: "1" },
          ],
        },
      ],
    });
  });

  it("changes nothing when it is merged a second time", () => {
    const once = candidateTemplate(live, change);
    expect(candidateTemplate(once, change)).to.deep.equal(once);
  });

  it("sets port and service account only where they are declared, and keeps the protocol of the port", () => {
    const runtime = { ...change.runtime, port: 8081, serviceAccount: "new@demo" };
    const made = candidateTemplate(live, { ...change, runtime });
    expect(made.serviceAccount).to.equal("new@demo");
    expect(made.containers?.[1]?.ports).to.deep.equal([{ name: "h2c", containerPort: 8081 }]);
  });

  it("lets a declared variable replace a reference to a secret of the same name", () => {
    const runtime = { ...change.runtime, env: { TOKEN: "plain" } };
    const made = candidateTemplate(live, { ...change, runtime });
    expect(made.containers?.[1]?.env).to.deep.include({ name: "TOKEN", value: "plain" });
  });
});

describe("baseTemplate()", () => {
  const written = { ...live, labels: { "gantry-release": "rel-9" }, healthCheckDisabled: true };
  const stable = {
    name: "projects/p/locations/l/services/api/revisions/api-1",
    uid: "u",
    etag: "e",
    conditions: [],
    labels: live.labels ?? {},
    containers: [],
  };
  const releaseId = change.releaseId;

  it("is the service's own template, as people and Terraform left it", () => {
    for (const template of [
      live,
      { ...live, labels: {} },
      { ...live, labels: { "gantry-release": "rel-2" } },
    ])
      expect(baseTemplate({ service: { template }, stable, releaseId })).to.deep.equal({
        template,
        restored: false,
      });
  });

  it("is the live revision's where the last write was another release's that never went live", () => {
    expect(baseTemplate({ service: { template: written }, stable, releaseId })).to.deep.equal({
      template: { labels: live.labels, containers: [], healthCheckDisabled: true },
      restored: true,
    });
  });
});

describe("firstService()", () => {
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
  const gpu: Guardrails = {
    gpu: { type: "nvidia-l4", count: 1 },
    cpu: 8,
    memoryBytes: 32 * 1024 ** 3,
    concurrency: 1,
    instances: { min: 1, max: 3 },
    timeoutMs: 600_000,
    executionEnvironment: null,
    serviceAccount: null,
    ingress: null,
    secrets: null,
    probes: null,
  };

  it("gives a GPU service what a GPU needs, by its guard rails", () => {
    const template = firstTemplate(gpu, { ...change, stable: null });
    expect(template).to.deep.include({
      nodeSelector: { accelerator: "nvidia-l4" },
      executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
      gpuZonalRedundancyDisabled: true,
      maxInstanceRequestConcurrency: 1,
      scaling: { maxInstanceCount: 3 },
      timeout: { seconds: "600", nanos: 0 },
      labels: { "gantry-release": "rel-2" },
    });
    expect(template.containers?.[0]?.resources).to.deep.equal({
      limits: { cpu: "8", memory: "32Gi", "nvidia.com/gpu": "1" },
      cpuIdle: false,
    });
  });

  it("leaves to Cloud Run what no guard rail names", () => {
    expect(firstTemplate(none, { ...change, stable: null })).to.deep.equal({
      revision: "",
      labels: { "gantry-release": "rel-2" },
      containers: [
        {
          image: `host/api@${digest}`,
          env: [
            { name: "MODE", value: "base" },
            { name: "NEW", value: "1" },
          ],
        },
      ],
    });
    const small = firstTemplate({ ...none, memoryBytes: 512 * 1024 ** 2 }, change);
    expect(small.containers?.[0]?.resources).to.deep.equal({ limits: { memory: "512Mi" }, cpuIdle: true });
  });

  it("names no service, sends all traffic to the latest revision, and keeps minimum instances off the revision", () => {
    const body = firstService({
      template: {},
      revision: "api-1" as RevisionName,
      tag: "g-1",
      guardrails: gpu,
      releaseId: change.releaseId,
    });
    expect(body).to.deep.equal({
      labels: { "gantry-created-by": "rel-2" },
      template: { revision: "api-1" },
      traffic: [{ type: "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", percent: 100, tag: "g-1" }],
      scaling: { minInstanceCount: 1 },
    });
  });
});
