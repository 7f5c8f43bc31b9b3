import { expect } from "chai";
import { startCloudRun } from "./cloud-run.ts";
import {
  CloudSession,
  endingOf,
  failureOf,
  PARENT,
  QUICK_POLLS,
  shortName,
  template,
  toLatest,
  toRevision,
  unchecked,
  until,
} from "./testing/cloud-session.ts";
import {
  CRASHING_SERVER,
  GOOD_SERVER,
  SILENT_SERVER,
  WRONG_PORT_SERVER,
} from "./testing/container-folder.ts";

process.env["METADATA_SERVER_DETECTION"] = "none";

describe("The local Cloud Run, driven by Google's client", () => {
  const session = new CloudSession();

  before(async () => {
    for (const version of ["v1", "v2", "v3"]) session.images.add(version, GOOD_SERVER);
    session.images.add("crashes", CRASHING_SERVER);
    session.images.add("silent", SILENT_SERVER);
    session.images.add("wrong-port", WRONG_PORT_SERVER);
    await session.start();
  });

  after(() => session.end());

  it("creates a service with an operation that carries it, reconciling and then ready", async () => {
    const service = { template: template("v1") };
    const [operation] = await session.services.createService(
      { parent: PARENT, serviceId: "first", service },
      QUICK_POLLS,
    );
    expect(operation.name).to.match(/^projects\/demo\/locations\/us-central1\/operations\/[0-9a-f-]{36}$/);
    expect(operation.metadata).to.include({ reconciling: true });
    await operation.promise();
    const found = await session.get("first");
    expect(found).to.include({ generation: "1", observedGeneration: "1", reconciling: false });
    expect(found.terminalCondition).to.include({ type: "Ready", state: "CONDITION_SUCCEEDED" });
    expect(found.trafficStatuses).to.have.length(1);
    const answer = await session.ask(found.uri, "/hello?a=1");
    expect(answer).to.include({ version: "v1", path: "/hello?a=1" });
    expect(answer.revision).to.equal(shortName(found.latestReadyRevision));
    expect(answer.revision).to.match(/^first-00001-[a-z]{3}$/);
  });

  it("refuses to create what exists, to name the service twice, and to read what does not exist", async () => {
    await session.create("twice", { template: unchecked("v1") });
    const again = session.services.createService({
      parent: PARENT,
      serviceId: "twice",
      service: { template: unchecked("v1") },
    });
    expect(await failureOf(again)).to.deep.equal({
      code: 6,
      message: "6 ALREADY_EXISTS: Resource already exists.",
    });
    const named = session.services.createService({
      parent: PARENT,
      serviceId: "named",
      service: { name: "x", template: unchecked("v1") },
    });
    expect((await failureOf(named)).code).to.equal(3);
    expect((await failureOf(session.get("absent"))).code).to.equal(5);
    expect((await failureOf(session.write("absent", { template: unchecked("v1") }, []))).code).to.equal(5);
  });

  it("creates through an update that allows it", async () => {
    const operation = await session.write("upserted", { template: unchecked("v1") }, [], {
      allowMissing: true,
    });
    await operation.promise();
    expect((await session.get("upserted")).generation).to.equal("1");
  });

  it("deploys a candidate at 0 percent that only its tag reaches, then moves traffic by masked writes", async () => {
    await session.create("canary", { template: template("v1") });
    const before = await session.get("canary");
    const stable = shortName(before.latestReadyRevision);
    const body = {
      etag: before.etag ?? "",
      template: template("v2", { revision: "canary-two" }),
      traffic: [toRevision(stable, 100), toRevision("canary-two", 0, "cand")],
    };
    expect(await session.update("canary", body, "template", "traffic")).to.equal(null);
    const deployed = await session.get("canary");
    const tagged = deployed.trafficStatuses?.find(({ tag }) => tag === "cand");
    expect((await session.ask(tagged?.uri)).revision).to.equal("canary-two");
    expect((await session.ask(deployed.uri)).revision).to.equal(stable);
    const shift = { traffic: [toRevision("canary-two", 100)] };
    expect(await session.update("canary", shift, "traffic")).to.equal(null);
    expect((await session.ask(deployed.uri)).revision).to.equal("canary-two");
    expect(await session.statusOf(tagged?.uri)).to.equal(404);
    const moved = await session.get("canary");
    expect(moved.latestCreatedRevision).to.equal(deployed.latestCreatedRevision);
    expect(moved.generation).to.equal("3");
  });

  it("answers a stale etag with ABORTED and applies nothing", async () => {
    await session.create("etags", { template: unchecked("v1") });
    const { etag } = await session.get("etags");
    await session.update("etags", { labels: { team: "a" } }, "labels");
    const stale = await failureOf(
      session.write("etags", { etag: etag ?? "", labels: { team: "b" } }, ["labels"]),
    );
    expect(stale.code).to.equal(10);
    expect(stale.message).to.match(
      /Conflict for resource 'etags': version '\d{16}' was specified but current version is '\d{16}'\.$/,
    );
    expect((await session.get("etags")).labels).to.deep.equal({ team: "a" });
  });

  it("keeps a revision name for one configuration: the same again is no new revision, another is refused", async () => {
    await session.create("names", { template: unchecked("v1", { revision: "names-one" }) });
    expect(
      await session.update("names", { template: unchecked("v1", { revision: "names-one" }) }, "template"),
    ).to.equal(null);
    const [revisions] = await session.revisions.listRevisions({ parent: session.name("names") });
    expect(revisions).to.have.length(1);
    expect((await session.get("names")).generation).to.equal("1");
    const taken = failureOf(
      session.write("names", { template: { ...unchecked("v2"), revision: "names-one" } }, ["template"]),
    );
    expect(await taken).to.deep.include({
      code: 6,
      message: "6 ALREADY_EXISTS: Revision named 'names-one' with different configuration already exists.",
    });
    const trap = failureOf(
      session.write("names", { template: { maxInstanceRequestConcurrency: 3 } }, [
        "template.max_instance_request_concurrency",
      ]),
    );
    expect((await trap).code).to.equal(6);
  });

  it("names every field that is at fault, with details", async () => {
    await session.create("checked", { template: unchecked("v1") });
    const operation = session.write("checked", { traffic: [{ ...toLatest(150) }] }, ["traffic"]);
    const error = await operation.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(endingOf(error)).to.deep.include({ code: 3 });
    expect(error).to.have.nested.property(
      "statusDetails[0].fieldViolations[0].description",
      "must be a number between 0 and 100",
    );
  });

  it("validates without changing anything when asked to", async () => {
    await session.create("dry", { template: unchecked("v1") });
    const operation = await session.write("dry", { template: unchecked("v2") }, ["template"], {
      validateOnly: true,
    });
    await operation.promise();
    expect((await session.get("dry")).generation).to.equal("1");
  });

  for (const [image, why] of [
    ["crashes", "ends at once"],
    ["wrong-port", "listens on another port"],
  ] as const)
    it(`fails the operation with code 9 when a container ${why}, and the old revision keeps serving`, async () => {
      const service = `bad-${image}`;
      await session.create(service, { template: template("v1") });
      const good = await session.get(service);
      const stable = shortName(good.latestReadyRevision);
      const body = {
        template: template(image, {
          revision: `${service}-two`,
          containers: [{ image, startupProbe: { tcpSocket: {}, periodSeconds: 10, failureThreshold: 1 } }],
        }),
        traffic: [toRevision(stable, 90), toRevision(`${service}-two`, 10, "cand")],
      };
      const ending = await session.update(service, body, "template", "traffic");
      expect(ending?.code).to.equal(9);
      expect(ending?.message).to.contain(`Revision '${service}-two' is not ready and cannot serve traffic.`);
      expect(ending?.message).to.contain("failed to start and listen on the port");
      expect(ending?.message).to.contain("PORT=8080");
      const state = await session.get(service);
      expect(state).to.include({ generation: "2", observedGeneration: "1", reconciling: false });
      expect(state.latestReadyRevision).to.equal(good.latestReadyRevision);
      expect(state.traffic).to.have.length(2);
      expect(state.trafficStatuses?.map(({ percent }) => percent)).to.deep.equal([100]);
      expect(state.terminalCondition).to.include({ state: "CONDITION_FAILED", reason: "REVISION_FAILED" });
      expect((await session.ask(state.uri)).revision).to.equal(stable);
    });

  it("fails every later deploy until the bad revision is out of the desired traffic", async () => {
    await session.create("poisoned", { template: template("v1") });
    const stable = shortName((await session.get("poisoned")).latestReadyRevision);
    const bad = {
      template: template("crashes", { revision: "poisoned-bad" }),
      traffic: [toRevision(stable, 90), toRevision("poisoned-bad", 10, "cand")],
    };
    expect((await session.update("poisoned", bad, "template", "traffic"))?.code).to.equal(9);
    const healthy = { template: template("v2", { revision: "poisoned-good" }) };
    const next = await session.update("poisoned", healthy, "template");
    expect(next?.code).to.equal(9);
    expect(next?.message).to.contain("poisoned-bad");
    const clean = { traffic: [toRevision(stable, 100), toRevision("poisoned-good", 0, "cand")] };
    expect(await session.update("poisoned", clean, "traffic")).to.equal(null);
    const state = await session.get("poisoned");
    expect(shortName(state.latestReadyRevision)).to.equal("poisoned-good");
    expect(state.observedGeneration).to.equal(state.generation);
  });

  it("accepts traffic to a revision that does not exist and fails the operation with code 13", async () => {
    await session.create("lost", { template: unchecked("v1") });
    const ending = await session.update("lost", { traffic: [toRevision("lost-green", 100)] }, "traffic");
    expect(ending).to.deep.equal({
      code: 13,
      message:
        "Revision 'lost-green' does not exist or is deleted. Update all traffic to route to currently available revisions.",
    });
  });

  it("fails the operation with code 5 when no repository holds the image", async () => {
    const service = { template: template("nowhere") };
    const [operation] = await session.services.createService(
      { parent: PARENT, serviceId: "imageless", service },
      QUICK_POLLS,
    );
    expect(await failureOf(operation.promise())).to.deep.equal({
      code: 5,
      message: "Image 'nowhere' not found.",
    });
  });

  it("fails the operation with code 9 when a configured HTTP probe does not pass", async () => {
    const startupProbe = { httpGet: { path: "/exit" }, periodSeconds: 10, failureThreshold: 1 };
    const service = { template: { containers: [{ image: "v1", startupProbe }] } };
    const request = { parent: PARENT, serviceId: "unprobed", service };
    const [operation] = await session.services.createService(request, QUICK_POLLS);
    const failure = await failureOf(operation.promise());
    expect(failure.code).to.equal(9);
    expect(failure.message).to.contain("failed the configured startup probe checks.");
    expect(await session.statusOf((await session.get("unprobed")).uri)).to.equal(404);
  });

  it("fails the operation with code 9 when the program of the image does not exist", async () => {
    const containers = [{ image: "v1", command: ["no-such-program"] }];
    const request = { parent: PARENT, serviceId: "programless", service: { template: { containers } } };
    const [operation] = await session.services.createService(request, QUICK_POLLS);
    expect((await failureOf(operation.promise())).code).to.equal(9);
    const revision = shortName((await session.get("programless")).latestCreatedRevision);
    const [line] = session.cloud.logs("programless", revision);
    expect(line).to.deep.include({ stream: "system" });
    expect(line?.text).to.contain("could not be started");
  });

  it("keeps an access policy, and asks nobody for it", async () => {
    await session.create("policies", { template: unchecked("v1") });
    const resource = session.name("policies");
    const policy = { bindings: [{ role: "roles/run.invoker", members: ["allUsers"] }] };
    await session.services.setIamPolicy({ resource, policy });
    const [stored] = await session.services.getIamPolicy({ resource });
    expect(stored.bindings?.[0]).to.include({ role: "roles/run.invoker" });
    const [other] = await session.services.getIamPolicy({ resource: session.name("other") });
    expect(other.bindings).to.deep.equal([]);
  });

  it("refuses a second start on a port that is taken, and leaves nothing open", async () => {
    const { port } = session.cloud.grpc;
    const error = await startCloudRun({ images: session.images, grpcPort: port }).then(() => null, String);
    expect(error).to.contain(String(port));
  });

  it("shows a healthy revision that nothing leads to as ready and retired, and deletes only such a one", async () => {
    await session.create("retiring", { template: template("v1", { revision: "retiring-one" }) });
    const one = `${session.name("retiring")}/revisions/retiring-one`;
    expect((await failureOf(session.revisions.deleteRevision({ name: one }))).code).to.equal(9);
    await session.update("retiring", { template: template("v2", { revision: "retiring-two" }) }, "template");
    const retired = await session.getRevision("retiring", "retiring-one");
    const ready = retired.conditions?.find(({ type }) => type === "Ready");
    expect(ready).to.include({ state: "CONDITION_SUCCEEDED", revisionReason: "RETIRED" });
    const active = retired.conditions?.find(({ type }) => type === "Active");
    expect(active).to.include({ state: "CONDITION_FAILED", severity: "INFO", revisionReason: "RETIRED" });
    const [operation] = await session.revisions.deleteRevision({ name: one });
    await operation.promise();
    expect((await failureOf(session.getRevision("retiring", "retiring-one"))).code).to.equal(5);
  });

  it("lists newest first, page by page", async () => {
    await session.create("paged", { template: unchecked("v1", { revision: "paged-one" }) });
    await session.update("paged", { template: unchecked("v2", { revision: "paged-two" }) }, "template");
    const parent = session.name("paged");
    const [first, , response] = await session.revisions.listRevisions(
      { parent, pageSize: 1 },
      { autoPaginate: false },
    );
    expect(first.map(({ name }) => shortName(name))).to.deep.equal(["paged-two"]);
    const pageToken = response?.nextPageToken ?? "";
    const [second] = await session.revisions.listRevisions(
      { parent, pageSize: 1, pageToken },
      { autoPaginate: false },
    );
    expect(second.map(({ name }) => shortName(name))).to.deep.equal(["paged-one"]);
    const [services] = await session.services.listServices({ parent: PARENT });
    expect(services.length).to.be.greaterThan(3);
    expect(services[0]?.name).to.equal(parent);
  });

  it("is found again by the name of its operation, and forgotten names are not", async () => {
    await session.create("reattached", { template: unchecked("v1") });
    const operation = await session.write("reattached", { template: unchecked("v2") }, ["template"]);
    const again = await session.services.checkUpdateServiceProgress(operation.name ?? "");
    const [service] = await again.promise();
    expect(service).to.have.property("name", session.name("reattached"));
    const unknown = `${PARENT}/operations/none`;
    expect((await failureOf(session.services.checkUpdateServiceProgress(unknown))).code).to.equal(5);
  });

  it("deletes a service with everything that ran in it", async () => {
    await session.create("doomed", { template: template("v1") });
    const { uri } = await session.get("doomed");
    const { pid } = await session.ask(uri);
    const [operation] = await session.services.deleteService({ name: session.name("doomed") }, QUICK_POLLS);
    await operation.promise();
    expect((await failureOf(session.get("doomed"))).code).to.equal(5);
    expect(() => process.kill(pid, 0)).to.throw();
  });

  it("answers by path and by host name on the shared proxy too", async () => {
    await session.create("shared", { template: template("v1") });
    const origin = `http://127.0.0.1:${session.cloud.proxy.port}`;
    const byPath = await session.ask(origin, "/_run/demo/us-central1/shared/deep?q=1");
    expect(byPath).to.include({ version: "v1", path: "/deep?q=1" });
    expect(await session.statusOf(origin, "/")).to.equal(404);
  });

  it("keeps what the containers wrote and what they answered", async () => {
    await session.create("logged", { template: template("v1", { revision: "logged-one" }) });
    const { uri } = await session.get("logged");
    await session.ask(uri, "/seen");
    await until(() => session.cloud.requests("logged", "logged-one").length === 1);
    expect(session.cloud.requests("logged", "logged-one")[0]).to.include({ path: "/seen", status: 200 });
    expect(session.cloud.stats("logged", "logged-one").byStatusClass).to.deep.equal({ "2xx": 1 });
    expect(session.cloud.logs("logged", "logged-one").map(({ text }) => text)).to.include("listening as v1");
  });
});
