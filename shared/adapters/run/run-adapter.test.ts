import { expect } from "chai";
import {
  digestOf,
  imageOf,
  type LocalRun,
  nameOf,
  newService,
  readyOf,
  requestFor,
  type ServicePair,
  servicePair,
  share,
  snapshotOf,
  startLocalRun,
} from "../../../test/support/local-run.ts";
import { parseReleaseId, type RevisionName, type ServiceKey } from "../../domain/ids.ts";
import { candidateTag, stepSplit } from "../../domain/traffic.ts";
import { AppError } from "../../ports/app-error.ts";
import type { CandidateOutcome } from "../../ports/run.ts";

describe("deploying a candidate with Google's client to the local cloud", () => {
  let local: LocalRun;
  /** A service with a stable revision that many tests add candidates to. */
  let shared: ServicePair;
  let release = 100;

  before(async () => {
    local = await startLocalRun();
    shared = await servicePair(local);
  });
  after(() => local.close());
  afterEach(() => local.cloud.faults.clear());

  const nextRelease = (): string => {
    release += 1;
    return `00000${release}`;
  };
  const entriesOf = async (service: ServiceKey, id: string): Promise<readonly unknown[]> => {
    const tag = candidateTag(parseReleaseId(`rel-${id}`)!);
    return (await snapshotOf(local, service)).desired.filter((entry) => entry.tag === tag);
  };
  const messageOf = (outcome: CandidateOutcome): string => ("message" in outcome ? outcome.message : "");

  it("makes a service that does not exist, with the first candidate at 100 % and no stable revision", async () => {
    const service = newService();
    const { candidate, stable } = readyOf(await local.run.deployCandidate(requestFor(service, "first001")));
    expect(stable).to.equal(null);
    expect(candidate.tag).to.equal("g-first001");
    expect(candidate.revision).to.match(new RegExp(`^${nameOf(service)}-v1-2-3-[0-9a-f]{8}$`));
    const { effective } = await snapshotOf(local, service);
    expect(effective.map(({ revision, percent }) => ({ revision, percent }))).to.deep.equal([
      { revision: candidate.revision, percent: 100 },
    ]);
    expect(await (await fetch(candidate.url)).text()).to.equal(candidate.revision);
    const again = readyOf(await local.run.deployCandidate(requestFor(service, "first001")));
    expect(again).to.deep.equal({ outcome: "ready", candidate, stable });
  });

  it("adds a candidate at 0 % beside a stable revision that is pinned by name", async () => {
    const { service, stable, candidate, tag } = shared;
    const { desired, url } = await snapshotOf(local, service);
    expect(desired).to.deep.equal([
      { revision: stable, percent: 100, tag: null },
      { revision: candidate, percent: 0, tag },
    ]);
    expect(await (await fetch(url)).text()).to.equal(stable);
    const found = await local.run.readRevision({ service, revision: candidate });
    expect(found?.labels).to.deep.equal({ "gantry-release": "rel-00000002", "gantry-stable": stable });
    expect(found?.imageDigest).to.equal(digestOf("b"));
  });

  it("finds the candidate of an earlier call and writes nothing", async () => {
    const request = requestFor(shared.service, "00000002", { image: imageOf("b") });
    const before = await snapshotOf(local, shared.service);
    const again = readyOf(await local.run.deployCandidate(request));
    expect([again.candidate.revision, again.stable]).to.deep.equal([shared.candidate, shared.stable]);
    expect(await snapshotOf(local, shared.service)).to.deep.equal(before);
  });

  for (const name of [
    "update-conflicts",
    "update-times-out-but-applied",
    "update-times-out-not-applied",
    "operation-never-completes",
    "operation-lost",
    "stale-read",
    "flaky-start",
    "unavailable",
  ] as const) {
    it(`brings up exactly one revision in spite of ${name}`, async () => {
      const before = (await local.run.revisions(shared.service)).length;
      local.cloud.faults.set({ name, service: nameOf(shared.service) });
      readyOf(await local.run.deployCandidate(requestFor(shared.service, nextRelease())));
      expect(await local.run.revisions(shared.service)).to.have.length(before + 1);
    });
  }

  it("takes a candidate that crashes out of the desired traffic and hands on Cloud Run's words", async () => {
    const id = nextRelease();
    const request = requestFor(shared.service, id, { image: imageOf("c") });
    for (const _attempt of [1, 2]) {
      const outcome = await local.run.deployCandidate(request);
      expect(outcome).to.include({ outcome: "failed", code: "candidate-not-ready" });
      expect(messageOf(outcome)).to.contain("failed to start and listen on the port");
      expect(await entriesOf(shared.service, id)).to.deep.equal([]);
    }
    readyOf(await local.run.deployCandidate(requestFor(shared.service, nextRelease())));
  });

  it("deploys beside what an earlier release left in the list when its clean-up never came", async () => {
    const [left, service] = [nextRelease(), shared.service];
    const signal = AbortSignal.timeout(60);
    local.cloud.faults.set({ name: "revision-never-ready", service: nameOf(service) });
    const killed = await thrownBy(local.run.deployCandidate(requestFor(service, left, { signal })));
    expect(killed).to.be.instanceOf(AppError).and.include({ code: "run-timed-out", transient: true });
    expect(await entriesOf(service, left)).to.have.length(1);
    readyOf(await local.run.deployCandidate(requestFor(service, nextRelease())));
    expect(await entriesOf(service, left)).to.have.length(0);
  });

  it("takes the service away again when its first candidate crashes", async () => {
    const service = newService();
    const request = requestFor(service, "first002", { image: imageOf("c") });
    expect(await local.run.deployCandidate(request)).to.include({ outcome: "failed" });
    expect(await local.run.readService(service)).to.equal(null);
  });

  it("gives up a revision that never becomes ready at its deadline", async () => {
    const id = nextRelease();
    local.cloud.faults.set({ name: "revision-never-ready", service: nameOf(shared.service) });
    const outcome = await local.run.deployCandidate(requestFor(shared.service, id, { deadlineMs: 200 }));
    expect(outcome).to.include({ outcome: "failed", code: "deploy-unfinished" });
    expect(await entriesOf(shared.service, id)).to.deep.equal([]);
  });

  it("hands on what Cloud Run refuses, and changes nothing", async () => {
    const before = await snapshotOf(local, shared.service);
    const runtime = { env: { PORT: "1" }, port: null, serviceAccount: null };
    const outcome = await local.run.deployCandidate(requestFor(shared.service, nextRelease(), { runtime }));
    expect(outcome).to.include({ outcome: "refused", code: "deploy-refused" });
    expect(messageOf(outcome)).to.contain("reserved env names were provided: PORT");
    expect((await snapshotOf(local, shared.service)).desired).to.deep.equal(before.desired);
  });

  it("gives no service an account that the policy does not name, at its first deploy as later", async () => {
    const runtime = { env: {}, port: null, serviceAccount: "payments@demo-project.iam.gserviceaccount.com" };
    const none = newService();
    expect(await local.run.deployCandidate(requestFor(none, nextRelease(), { runtime }))).to.include({
      outcome: "refused",
      code: "deploy-refused",
    });
    expect(await local.run.readService(none)).to.equal(null);
    const before = await snapshotOf(local, shared.service);
    const refused = await local.run.deployCandidate(requestFor(shared.service, nextRelease(), { runtime }));
    expect(messageOf(refused)).to.contain("gantry.yaml names the service account payments@");
    expect((await snapshotOf(local, shared.service)).desired).to.deep.equal(before.desired);
    const accounts = ["payments@*.iam.gserviceaccount.com"];
    readyOf(
      await local.run.deployCandidate(requestFor(shared.service, nextRelease(), { runtime, accounts })),
    );
  });

  it("keeps what others set on the template: secrets, sidecars, limits and labels", async () => {
    const service = newService();
    await local.run.deployCandidate(requestFor(service, "00000001"));
    const { services } = await local.clients("us-central1");
    const name = `projects/demo-project/locations/us-central1/services/${nameOf(service)}`;
    const [found] = await services.getService({ name });
    const [container] = found.template?.containers ?? [];
    const env = [
      ...(container?.env ?? []),
      { name: "TOKEN", valueSource: { secretKeyRef: { secret: "token" } } },
    ];
    const [operation] = await services.updateService({
      service: {
        name,
        template: {
          ...found.template,
          revision: `${nameOf(service)}-by-hand`,
          labels: { ...found.template?.labels, team: "search" },
          maxInstanceRequestConcurrency: 7,
          containers: [{ ...container, env, resources: { limits: { memory: "1Gi" }, cpuIdle: true } }],
        },
      },
      updateMask: { paths: ["template"] },
    });
    await operation.promise();
    const runtime = { env: { GREETING: "again", NEW: "1" }, port: null, serviceAccount: null };
    const request = requestFor(service, "00000002", { image: imageOf("b"), runtime });
    const { candidate, stable } = readyOf(await local.run.deployCandidate(request));
    expect(stable).to.equal(`${nameOf(service)}-by-hand`);
    const { revisions } = await local.clients("us-central1");
    const [made] = await revisions.getRevision({ name: `${name}/revisions/${candidate.revision}` });
    expect(made.labels).to.include({ team: "search", "gantry-release": "rel-00000002" });
    expect(made.maxInstanceRequestConcurrency).to.equal(7);
    expect(made.containers?.[0]?.resources?.limits).to.include({ memory: "1Gi" });
    expect(
      made.containers?.[0]?.env?.map((one) => [one.name, one.value ?? one.valueSource?.secretKeyRef?.secret]),
    ).to.deep.equal([
      ["GREETING", "again"],
      ["TOKEN", "token"],
      ["NEW", "1"],
    ]);
  });

  it("refuses to guess which revision is stable", async () => {
    const pair = await servicePair(local);
    const { service, stable, candidate } = pair;
    await local.cloud.faults.humanSetsTraffic({
      service: nameOf(service),
      traffic: [share(stable, 60), share(candidate, 40)],
    });
    const outcome = await local.run.deployCandidate(requestFor(service, "00000003"));
    expect(outcome).to.include({ outcome: "refused", code: "traffic-ambiguous" });
    expect(messageOf(outcome)).to.contain(`60 % ${stable}, 40 % ${candidate}`);
  });

  it("removes the tag of a release that ended, touches no share, and is content when nothing is left", async () => {
    const { service, candidate, stable, tag } = await servicePair(local);
    const limits = { deadlineMs: 2_000, signal: new AbortController().signal };
    const target = stepSplit({ candidate, stable, percent: 100 });
    await local.run.setTraffic({
      service,
      target,
      tags: [{ revision: candidate, tag }],
      expected: null,
      ...limits,
    });
    const releaseId = parseReleaseId("rel-00000002")!;
    local.cloud.faults.set({ name: "update-conflicts", service: nameOf(service) });
    for (const _call of [1, 2])
      await local.run.removeCandidate({ service, releaseId, ended: "live", ...limits });
    expect((await snapshotOf(local, service)).desired).to.deep.equal([
      { revision: candidate, percent: 100, tag: null },
    ]);
  });

  it("deletes a service only for the failed release that made it, and not once it holds another revision", async () => {
    const [own, grown] = [newService(), await servicePair(local)];
    await local.run.deployCandidate(requestFor(own, "00000001"));
    const releaseId = parseReleaseId("rel-00000001")!;
    const limits = { releaseId, deadlineMs: 2_000, signal: new AbortController().signal };
    await local.run.removeCandidate({ service: own, ended: "live", ...limits });
    expect(await local.run.readService(own)).to.not.equal(null);
    await local.run.removeCandidate({ service: own, ended: "failed", ...limits });
    expect(await local.run.readService(own)).to.equal(null);
    await local.run.removeCandidate({ service: grown.service, ended: "failed", ...limits });
    expect(await local.run.readService(grown.service)).to.not.equal(null);
  });

  it("knows no service and no revision that do not exist", async () => {
    expect(await local.run.readService(newService())).to.equal(null);
    const revision = "svc-gone" as RevisionName;
    expect(await local.run.readRevision({ service: shared.service, revision })).to.equal(null);
  });
});

function thrownBy(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => error,
  );
}
