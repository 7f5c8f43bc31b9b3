import { expect } from "chai";
import type { CloudRunFaultName } from "./faults.ts";
import {
  CloudSession,
  failureOf,
  shortName,
  template,
  toRevision,
  unchecked,
  until,
} from "./testing/cloud-session.ts";
import { GOOD_SERVER } from "./testing/container-folder.ts";

process.env["METADATA_SERVER_DETECTION"] = "none";

describe("The faults of the local Cloud Run", () => {
  const session = new CloudSession();

  before(async () => {
    for (const version of ["v1", "v2"]) session.images.add(version, GOOD_SERVER);
    await session.start();
  });

  afterEach(() => session.cloud.faults.clear());
  after(() => session.end());

  const strike = (name: CloudRunFaultName, service: string): void =>
    session.cloud.faults.set({ name, service });

  it("update-conflicts: ABORTED though the etag was right, and the etag has really changed", async () => {
    await session.create("conflicts", { template: unchecked("v1") });
    const { etag } = await session.get("conflicts");
    strike("update-conflicts", "conflicts");
    const body = { etag: etag ?? "", labels: { a: "1" } };
    expect((await failureOf(session.write("conflicts", body, ["labels"]))).code).to.equal(10);
    expect((await failureOf(session.write("conflicts", body, ["labels"]))).code).to.equal(10);
    const fresh = await session.get("conflicts");
    expect(fresh.labels).to.deep.equal({});
    expect(await session.update("conflicts", { ...body, etag: fresh.etag ?? "" }, "labels")).to.equal(null);
  });

  it("update-times-out-but-applied: DEADLINE_EXCEEDED, and the write is carried out", async () => {
    await session.create("timeout", { template: unchecked("v1") });
    strike("update-times-out-but-applied", "timeout");
    expect((await failureOf(session.write("timeout", { labels: { a: "1" } }, ["labels"]))).code).to.equal(4);
    await until(async () => (await session.get("timeout")).observedGeneration === "2");
    expect((await session.get("timeout")).labels).to.deep.equal({ a: "1" });
  });

  it("update-times-out-not-applied: DEADLINE_EXCEEDED, and nothing happens", async () => {
    await session.create("ignored", { template: unchecked("v1") });
    strike("update-times-out-not-applied", "ignored");
    expect((await failureOf(session.write("ignored", { labels: { a: "1" } }, ["labels"]))).code).to.equal(4);
    expect((await session.get("ignored")).generation).to.equal("1");
  });

  it("operation-never-completes: the operation stays open though the service is done", async () => {
    await session.create("open", { template: unchecked("v1") });
    strike("operation-never-completes", "open");
    const operation = await session.write("open", { labels: { a: "1" } }, ["labels"]);
    await until(async () => (await session.get("open")).observedGeneration === "2");
    const again = await session.services.checkUpdateServiceProgress(operation.name ?? "");
    expect(again.done).to.equal(false);
  });

  it("operation-lost: the operation is not found", async () => {
    await session.create("gone", { template: unchecked("v1") });
    strike("operation-lost", "gone");
    const operation = await session.write("gone", { labels: { a: "1" } }, ["labels"]);
    expect((await failureOf(operation.promise())).code).to.equal(5);
  });

  it("stale-read: one read shows the state before the last write", async () => {
    await session.create("stale", { template: unchecked("v1") });
    await session.update("stale", { labels: { a: "1" } }, "labels");
    strike("stale-read", "stale");
    expect((await session.get("stale")).generation).to.equal("1");
    expect((await session.get("stale")).generation).to.equal("2");
  });

  it("traffic-lag: the operation is done before the traffic has moved", async () => {
    await session.create("lagging", { template: unchecked("v1", { revision: "lagging-one" }) });
    session.cloud.faults.set({ name: "traffic-lag", service: "lagging", ms: 120 });
    await session.update("lagging", { template: unchecked("v2", { revision: "lagging-two" }) }, "template");
    const revisionOf = async () => (await session.get("lagging")).trafficStatuses?.[0]?.revision;
    expect(await revisionOf()).to.equal("lagging-one");
    await until(async () => (await revisionOf()) === "lagging-two");
  });

  it("revision-never-ready: the operation stays open, and a clean traffic write gets past it", async () => {
    await session.create("stuck", { template: unchecked("v1", { revision: "stuck-one" }) });
    strike("revision-never-ready", "stuck");
    const body = {
      template: unchecked("v2", { revision: "stuck-two" }),
      traffic: [toRevision("stuck-one", 100), toRevision("stuck-two", 0, "cand")],
    };
    const operation = await session.write("stuck", body, ["template", "traffic"]);
    await until(() => session.cloud.faults.list().length === 0);
    expect((await session.get("stuck")).reconciling).to.equal(true);
    const revision = await session.getRevision("stuck", "stuck-two");
    expect(revision.conditions?.[0]).to.include({ type: "Ready", state: "CONDITION_RECONCILING" });
    expect(await session.update("stuck", { traffic: [toRevision("stuck-one", 100)] }, "traffic")).to.equal(
      null,
    );
    expect(operation.done).to.equal(false);
  });

  it("flaky-start: the operation fails with code 9, and the same again succeeds", async () => {
    await session.create("flaky", { template: unchecked("v1") });
    strike("flaky-start", "flaky");
    const body = { template: unchecked("v2", { revision: "flaky-two" }) };
    expect((await session.update("flaky", body, "template"))?.code).to.equal(9);
    expect(await session.update("flaky", body, "template")).to.equal(null);
    expect(shortName((await session.get("flaky")).latestReadyRevision)).to.equal("flaky-two");
  });

  it("unavailable: calls answer UNAVAILABLE as often as asked", async () => {
    await session.create("down", { template: unchecked("v1") });
    session.cloud.faults.set({ name: "unavailable", service: "down", count: 2 });
    const write = () => session.write("down", { labels: { a: "1" } }, ["labels"]);
    expect((await failureOf(write())).code).to.equal(14);
    expect((await failureOf(write())).code).to.equal(14);
    await write();
  });

  it("tag-points-elsewhere: the tag's address answers from another revision than the API says", async () => {
    await session.create("wrong", { template: template("v1", { revision: "wrong-one" }) });
    const traffic = [toRevision("wrong-one", 100), toRevision("wrong-two", 0, "cand")];
    await session.update(
      "wrong",
      { template: template("v2", { revision: "wrong-two" }), traffic },
      "template",
      "traffic",
    );
    const { trafficStatuses } = await session.get("wrong");
    const tagged = trafficStatuses?.find(({ tag }) => tag === "cand");
    expect(tagged?.revision).to.equal("wrong-two");
    strike("tag-points-elsewhere", "wrong");
    expect((await session.ask(tagged?.uri)).revision).to.equal("wrong-one");
    session.cloud.faults.clear("tag-points-elsewhere");
    expect((await session.ask(tagged?.uri)).revision).to.equal("wrong-two");
  });

  it("a person's write moves traffic, and the next write with the old etag is refused", async () => {
    await session.create("human", { template: unchecked("v1", { revision: "human-one" }) });
    await session.update("human", { template: unchecked("v2", { revision: "human-two" }) }, "template");
    const { etag } = await session.get("human");
    await session.cloud.faults.humanSetsTraffic({
      service: "human",
      traffic: [toRevision("human-one", 100)].map(({ revision }) => ({
        revision: revision ?? "",
        percent: 100,
      })),
    });
    await until(async () => (await session.get("human")).trafficStatuses?.[0]?.revision === "human-one");
    const late = session.write("human", { etag: etag ?? "", traffic: [toRevision("human-two", 100)] }, [
      "traffic",
    ]);
    expect((await failureOf(late)).code).to.equal(10);
  });

  it("are switched over HTTP on the proxy's port, and bad requests are told why", async () => {
    const url = `http://127.0.0.1:${session.cloud.proxy.port}/_cloud/run/faults`;
    const post = (body: object) => fetch(url, { method: "POST", body: JSON.stringify(body) });
    expect((await post({ name: "stale-read", service: "x", count: 3 })).status).to.equal(200);
    expect(session.cloud.faults.list()).to.deep.equal([
      { name: "stale-read", service: "x", left: 3, ms: 2000 },
    ]);
    expect((await post({ name: "no-such" })).status).to.equal(400);
    expect((await post({ name: "stale-read", count: -1 })).status).to.equal(400);
    expect(await (await fetch(url)).json()).to.have.nested.property("faults[0].name", "stale-read");
    const foreign = { method: "DELETE", headers: { origin: "http://elsewhere.example" } };
    expect((await fetch(url, foreign)).status).to.equal(403);
    await fetch(url, { method: "DELETE" });
    expect(session.cloud.faults.list()).to.deep.equal([]);
  });

  it("let a person move traffic and read logs over HTTP", async () => {
    await session.create("remote", { template: unchecked("v1", { revision: "remote-one" }) });
    await session.update("remote", { template: unchecked("v2", { revision: "remote-two" }) }, "template");
    const origin = `http://127.0.0.1:${session.cloud.proxy.port}/_cloud/run`;
    const post = (body: object) => fetch(`${origin}/traffic`, { method: "POST", body: JSON.stringify(body) });
    const traffic = [{ revision: "remote-one", percent: 100 }];
    expect((await post({ service: "remote", traffic })).status).to.equal(200);
    await until(async () => (await session.get("remote")).trafficStatuses?.[0]?.revision === "remote-one");
    expect((await post({ service: "remote" })).status).to.equal(400);
    expect((await post({ service: "nobody", traffic })).status).to.equal(400);
    const logs = await fetch(`${origin}/logs?service=remote&revision=remote-one`);
    expect(await logs.json()).to.deep.equal({ lines: [] });
    expect((await fetch(`${origin}/other`)).status).to.equal(404);
  });
});
