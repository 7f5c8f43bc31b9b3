import { expect } from "chai";
import { projectHash, projectNumber } from "../control/resource-names.ts";
import type { RevisionRecord } from "../control/service-records.ts";
import { destinationOfHost } from "./address-book.ts";
import { GpuLedger } from "./capacity.ts";
import { launchPlan } from "./launch-plan.ts";
import { destinationOfPath } from "./path-route.ts";
import { Ring } from "./ring.ts";
import { planProbe } from "./startup-probe.ts";
import { pickByWeight, pickRevision, revisionOfTag } from "./traffic-split.ts";

const key = { project: "demo", location: "us-central1", service: "api" };
const to = (revision: string, percent: number, tag = "") => ({ type: "", revision, percent, tag });

describe("Routing a request", () => {
  for (const [chance, revision] of [
    [0, "one"],
    [0.89, "one"],
    [0.9, "two"],
    [0.999, "two"],
  ] as const)
    it(`leads the chance of ${chance} to ${revision} at 90 to 10`, () => {
      expect(pickByWeight([to("none", 0), to("one", 90), to("two", 10)], chance)).to.equal(revision);
    });

  it("leads nowhere without a share, and by tag only where an entry carries it", () => {
    expect(pickByWeight([to("one", 0, "cand")], 0.5)).to.equal(null);
    const route = { targets: [to("one", 0, "cand")], previous: null };
    expect(revisionOfTag(route, "cand")).to.equal("one");
    expect(revisionOfTag(route, "other")).to.equal(null);
  });

  it("mixes old and new while traffic moves", () => {
    const route = { targets: [to("new", 100)], previous: { targets: [to("old", 100)], from: 0, until: 100 } };
    expect(pickRevision(route, () => 0.5, 10)).to.equal("old");
    expect(pickRevision(route, () => 0.5, 90)).to.equal("new");
    expect(pickRevision(route, () => 0.99, 100)).to.equal("new");
  });

  for (const [host, tag] of [
    ["api.localhost:8080", ""],
    ["cand---api.localhost", "cand"],
    [`api-${projectHash("demo")}-uc.a.run.localhost`, ""],
    [`cand---api-${projectHash("demo")}-uc.a.run.app`, "cand"],
    [`api-${projectNumber("demo")}.us-central1.run.localhost:1`, ""],
  ] as const)
    it(`takes the host ${host} for the service${tag && ` and its tag ${tag}`}`, () => {
      expect(destinationOfHost(host, [key])).to.deep.equal({ key, tag });
    });

  for (const host of ["other.localhost", "127.0.0.1:8080", "api-1.us-central1.run.localhost", ""])
    it(`takes the host '${host}' for nobody's`, () => {
      expect(destinationOfHost(host, [key])).to.equal(null);
    });

  for (const [url, tag, path] of [
    ["/_run/demo/us-central1/api", "", "/"],
    ["/_run/demo/us-central1/api/a/b?c=1", "", "/a/b?c=1"],
    ["/_run/demo/us-central1/api@cand/a", "cand", "/a"],
    ["/_run/demo/us-central1/api?x=1", "", "/?x=1"],
  ] as const)
    it(`strips the prefix of ${url}`, () => {
      expect(destinationOfPath(url)).to.deep.equal({ destination: { key, tag }, path });
    });

  it("takes no other path for a service", () => {
    expect(destinationOfPath("/health")).to.equal(null);
  });
});

describe("Starting an instance", () => {
  it("shrinks a startup probe with the budget", () => {
    const tcp = planProbe(
      { periodSeconds: 240, timeoutSeconds: 240, failureThreshold: 1, tcpSocket: {} },
      24_000,
    );
    expect(tcp).to.include({ path: null, budgetMs: 24_000 });
    const httpGet = { path: "/ready", httpHeaders: [{ name: "x-probe", value: "1" }] };
    const http = planProbe(
      { initialDelaySeconds: 10, periodSeconds: 5, failureThreshold: 4, httpGet },
      24_000,
    );
    expect(http).to.deep.equal({
      path: "/ready",
      headers: { "x-probe": "1" },
      initialDelayMs: 1_000,
      intervalMs: 500,
      budgetMs: 3_000,
    });
  });

  it("plans the process: command, folder and environment, where Cloud Run's own variables win", () => {
    const image = {
      digest: "sha256:0",
      rootDirectory: "/nowhere",
      workingDirectory: "/app",
      command: ["node", "server.js"],
      env: { MODE: "image", K_SERVICE: "lies" },
    };
    const revision: RevisionRecord = {
      name: "api-one",
      uid: "1",
      template: {
        containers: [
          {
            image: "v1",
            args: ["--fast"],
            env: [{ name: "MODE", value: "template" }],
            resources: { limits: { "nvidia.com/gpu": "1" } },
          },
        ],
      },
      generation: 1,
      createdAt: 0,
      updatedAt: 0,
      health: { state: "pending" },
    };
    const plan = launchPlan(image, { key, revision, port: 9, gpus: 1 });
    expect(plan).to.deep.include({
      file: process.execPath,
      args: ["server.js", "--fast"],
      cwd: "/nowhere/app",
      port: 9,
    });
    expect(plan.env).to.include({
      MODE: "template",
      PORT: "9",
      K_SERVICE: "api",
      K_REVISION: "api-one",
      LOCAL_GPU_COUNT: "1",
    });
    const empty = { ...image, command: [] };
    const bare = { ...revision, template: { containers: [{ image: "v1" }] } };
    expect(() => launchPlan(empty, { key, revision: bare, port: 9, gpus: 0 })).to.throw("has no command");
  });

  it("takes GPUs from one account and gives them back once", () => {
    const ledger = new GpuLedger(2);
    const first = ledger.take("r", 1);
    expect(ledger.take("r", 2)).to.equal(null);
    expect(ledger.take("r", 1)).to.not.equal(null);
    first?.();
    first?.();
    expect(ledger.used("r")).to.equal(1);
  });

  it("keeps only the newest entries of a log", () => {
    const ring = new Ring<number>(3);
    for (let entry = 0; entry < 20; entry += 1) ring.add(entry);
    expect(ring.entries()).to.deep.equal([17, 18, 19]);
  });
});
