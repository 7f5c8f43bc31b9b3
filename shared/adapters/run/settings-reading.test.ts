import { expect } from "chai";
import {
  type LocalRun,
  nameOf,
  newService,
  requestFor,
  startLocalRun,
  testSettings,
} from "../../../test/support/local-run.ts";
import { guardrailRows } from "../../domain/guardrails.ts";
import type { RevisionName, ServiceKey } from "../../domain/ids.ts";
import type { Guardrails } from "../../domain/release-config.ts";
import { systemClock } from "../system/system-clock.ts";
import type { ITemplate } from "./candidate-template.ts";
import { runPortOver } from "./run-adapter.ts";
import type { RunApi } from "./run-api.ts";
import type { IService } from "./service-snapshot.ts";

const gpuTemplate: ITemplate = {
  containers: [
    {
      image: `us-docker.pkg.dev/demo/gantry/api@sha256:${"a".repeat(64)}`,
      ports: [{ containerPort: 9000 }],
      resources: {
        limits: { cpu: "8", memory: "32Gi", "nvidia.com/gpu": "1" },
        cpuIdle: false,
        startupCpuBoost: true,
      },
      env: [
        { name: "B", value: "zzz-2" },
        { name: "A", value: "zzz-1" },
        { name: "KEY", valueSource: { secretKeyRef: { secret: "api-key", version: "3" } } },
      ],
      volumeMounts: [{ name: "keys", mountPath: "/keys" }],
      startupProbe: {
        httpGet: { path: "/health" },
        periodSeconds: 5,
        failureThreshold: 40,
        timeoutSeconds: 2,
      },
    },
  ],
  volumes: [{ name: "keys", secret: { secret: "tls", items: [{ path: "cert.pem", version: "latest" }] } }],
  nodeSelector: { accelerator: "nvidia-l4" },
  gpuZonalRedundancyDisabled: true,
  executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
  maxInstanceRequestConcurrency: 1,
  scaling: { minInstanceCount: 0, maxInstanceCount: 3 },
  timeout: { seconds: 600, nanos: 0 },
  serviceAccount: "api@demo-project.iam.gserviceaccount.com",
};

describe("settings of a service, read by the real client", () => {
  let local: LocalRun;

  before(async () => {
    local = await startLocalRun();
  });
  after(() => local.close());

  async function create(service: ServiceKey, body: IService): Promise<void> {
    const { services } = await local.clients("us-central1");
    const [project, region] = service.split("/");
    const parent = `projects/${project}/locations/${region}`;
    const [operation] = await services.createService({ parent, serviceId: nameOf(service), service: body });
    await operation.promise();
  }

  it("tells every setting of the template and of the service, and the traffic of the same moment", async () => {
    const service = newService();
    await create(service, {
      template: gpuTemplate,
      ingress: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
      scaling: { minInstanceCount: 1, maxInstanceCount: 2 },
    });
    const reading = await local.run.readSettings(service);
    expect(reading?.settings.service).to.deep.equal({
      instances: { min: 1, max: 2 },
      manualInstances: null,
      ingress: "internal-and-cloud-load-balancing",
    });
    expect(reading?.settings.template).to.deep.include({
      gpu: { type: "nvidia-l4", count: 1 },
      zonalRedundancy: false,
      cpu: 8,
      memoryBytes: 32 * 2 ** 30,
      cpuAlwaysAllocated: true,
      startupCpuBoost: true,
      concurrency: 1,
      instances: { min: 0, max: 3 },
      timeoutMs: 600_000,
      executionEnvironment: "gen2",
      serviceAccount: "api@demo-project.iam.gserviceaccount.com",
      port: 9000,
      network: null,
      sidecars: [],
      secrets: [
        { as: "mount", at: "/keys/cert.pem", secret: "tls", version: "latest" },
        { as: "env", at: "KEY", secret: "api-key", version: "3" },
      ],
    });
    expect(reading?.settings.template.env.map(({ name }) => name)).to.deep.equal(["A", "B"]);
    expect(JSON.stringify(reading)).not.to.include("zzz");
    expect(reading?.settings.template.probes.startup).to.deep.equal({
      kind: "http",
      path: "/health",
      port: null,
      initialDelayMs: 0,
      periodMs: 5_000,
      timeoutMs: 2_000,
      failureThreshold: 40,
    });
    expect(reading?.snapshot.latestReadyRevision).to.equal(reading?.snapshot.effective[0]?.revision);
  });

  it("tells a revision as it tells the template that it was made from", async () => {
    const service = newService();
    await create(service, { template: gpuTemplate });
    const reading = await local.run.readSettings(service);
    const revision = reading?.snapshot.latestReadyRevision as RevisionName;
    const settings = await local.run.readRevisionSettings({ service, revision });
    expect(settings).to.deep.equal(reading?.settings.template);
  });

  it("tells who wrote the service last, where the API does", async () => {
    const api = { service: async () => ({ lastModifier: "eve@example.com" }) } as unknown as RunApi;
    const run = runPortOver({ api, clock: systemClock, settings: testSettings });
    expect((await run.readSettings(newService()))?.modifiedBy).to.equal("eve@example.com");
  });

  it("tells null for what does not exist", async () => {
    const service = newService();
    expect(await local.run.readSettings(service)).to.equal(null);
    const revision = "none-00001" as RevisionName;
    expect(await local.run.readRevisionSettings({ service, revision })).to.equal(null);
  });

  it("leaves fields of the template that Gantry does not model as they are when it adds a candidate", async () => {
    const service = newService();
    const { nodeSelector: _gpu, gpuZonalRedundancyDisabled: _zones, ...plain } = gpuTemplate;
    const containers = (plain.containers ?? []).map((one) => ({
      ...one,
      name: "api",
      baseImageUri: "scratch",
      resources: { limits: { cpu: "8", memory: "32Gi" }, cpuIdle: false, startupCpuBoost: true },
    }));
    await create(service, {
      template: {
        ...plain,
        containers,
        annotations: { "example.com/team": "vision" },
        sessionAffinity: true,
        encryptionKey: "projects/demo-project/locations/us-central1/keyRings/r/cryptoKeys/k",
      },
    });
    const before = await local.run.readSettings(service);
    const outcome = await local.run.deployCandidate(requestFor(service, "00000077"));
    expect(outcome.outcome).to.equal("ready");
    const { services } = await local.clients("us-central1");
    const [project, region, name] = service.split("/");
    const [live] = await services.getService({
      name: `projects/${project}/locations/${region}/services/${name}`,
    });
    expect(live.template).to.deep.include({
      annotations: { "example.com/team": "vision" },
      sessionAffinity: true,
      encryptionKey: "projects/demo-project/locations/us-central1/keyRings/r/cryptoKeys/k",
    });
    expect(live.template?.containers?.[0]).to.include({ name: "api", baseImageUri: "scratch" });
    const after = await local.run.readSettings(service);
    expect({ ...after?.settings.template, image: "", env: [] }).to.deep.equal({
      ...before?.settings.template,
      image: "",
      env: [],
    });
  });

  it("is made at a first deploy as its guard rails say", async () => {
    const service = newService();
    const guardrails: Guardrails = {
      gpu: null,
      cpu: 2,
      memoryBytes: 2 ** 30,
      concurrency: 4,
      instances: { min: 1, max: 2 },
      timeoutMs: 60_000,
      executionEnvironment: "gen2",
      serviceAccount: "api@demo-project.iam.gserviceaccount.com",
      ingress: "internal",
      secrets: { KEY: "api-key:3", "/keys/cert.pem": "tls:latest" },
      probes: { startup: "http /health", liveness: "http /alive", readiness: "none" },
    };
    const outcome = await local.run.deployCandidate(
      requestFor(service, "00000078", { guardrails, accounts: ["api@*"] }),
    );
    expect(outcome.outcome).to.equal("ready");
    const reading = await local.run.readSettings(service);
    if (reading === null) throw new Error("no service");
    expect(guardrailRows(guardrails, { settings: reading.settings, isWarmed: false })).to.deep.equal([]);
    expect(reading.settings.template.probes.startup?.failureThreshold).to.equal(24);
  });
});
