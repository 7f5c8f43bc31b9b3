import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { startGantry } from "../../cli/runtime/embedded-process.ts";
import type { GantryProcess } from "../../cli/runtime/gantry-process.ts";
import { openTracing } from "../../shared/adapters/otlp/open-tracing.ts";
import { createJsonLog } from "../../shared/adapters/system/json-log.ts";
import type { Tracing } from "../../shared/ports/tracing.ts";
import { traceOf } from "../../shared/ports/tracing.ts";
import { releaseIdFor } from "../../shared/usecases/release-id.ts";
import { cloudPorts } from "../support/cloud-ports.ts";
import { monday } from "../support/fixtures.ts";
import { gantryYaml, OutsideWorld, openPolicy, succeeded } from "../support/function-harness.ts";
import { httpOptions } from "../support/http-options.ts";
import { githubDelivery, githubPayload, githubSecret } from "../support/service-harness.ts";
import { collector, type OtlpSpan } from "../support/trace-collector.ts";

const delivery = "github/72d3162e-cc78-11e3-81ab-4c9367dc0958";
const id = releaseIdFor(delivery);
const { traceId, spanId: wholeId } = traceOf(id);
const commit = "5f1c0c8e6b9d4a7f3e2d1c0b9a8f7e6d5c4b3a29";

type Line = Readonly<Record<string, unknown>>;

describe("what a release leaves in the log and in traces", () => {
  let folder: string;
  let gantry: GantryProcess | null = null;
  let lines: Line[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gantry-telemetry-"));
    lines = [];
  });
  afterEach(async () => {
    await stop();
    await rm(folder, { recursive: true });
  });

  /** What still runs is stopped, also where a test failed in the middle. */
  async function stop(): Promise<void> {
    const running = gantry;
    gantry = null;
    await running?.close();
  }

  function running(): GantryProcess {
    if (gantry === null) throw new Error("Gantry does not run");
    return gantry;
  }

  async function start(tracing: Tracing, project: string | null): Promise<void> {
    const world = new OutsideWorld();
    const yaml = gantryYaml().replace("hold: 1m", "hold: 1s").replace("bake: 1m", "bake: 300ms");
    world.files.set("gantry.yaml", yaml);
    world.sourcePort.committedAt = async () => monday;
    world.build = async () => succeeded();
    const write = (line: string): void => void lines.push(JSON.parse(line));
    gantry = await startGantry({
      engine: {
        file: join(folder, "gantry.db"),
        cloud: cloudPorts(world),
        chat: null,
        sourceSite: null,
        policy: openPolicy(),
        log: createJsonLog({ write }, project),
        tracing,
        settings: { pollBuildEveryMs: 20, retryMinMs: 5 },
      },
      http: httpOptions({ githubSecrets: [githubSecret] }),
    });
  }

  /** Delivers the webhook twice, as GitHub does when a person asks for it again, and waits until the release is live. */
  async function pushAndWait(): Promise<void> {
    const { method, headers, body } = githubDelivery({
      event: "push",
      body: githubPayload("push-tag-lightweight"),
    });
    for (let time = 0; time < 2; time += 1)
      await fetch(`${running().server.url}/hooks/github`, { method, headers, body });
    while ((await running().engine.deps.store.release(id))?.status !== "live")
      await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** What Prometheus reads of the release, with the token that it needs. */
  async function shownInMetrics(): Promise<void> {
    const url = `${running().server.url}/metrics`;
    expect((await fetch(url)).status).to.equal(401);
    const answer = await fetch(url, { headers: { authorization: "Bearer a-token-of-ada" } });
    const text = await answer.text();
    expect(answer.headers.get("content-type")).to.match(/^text\/plain/);
    const service = 'service="gantry-test/europe-west1/background-removal"';
    for (const line of [
      `gantry_releases{${service},status="live"} 1`,
      `gantry_deployments{${service}} 1`,
      `gantry_change_failure_ratio{${service}} 0`,
      `gantry_events_total{${service},type="release-live"} 1`,
      'gantry_delivery_attempts_total{subscription="build-releases",end="done"} 1',
      "gantry_dead_letters 0",
      "# TYPE gantry_work_duration_seconds histogram",
    ])
      expect(text.split("\n")).to.include(line);
    expect(text).to.match(/^gantry_lead_time_seconds\{.*\} [0-9.e+]+$/m);
    expect(text).to.not.match(/^gantry_recovery_time_seconds\{/m);
    expect(text).to.match(/^# HELP gantry_change_failure_ratio Change failure rate: the share/m);
  }

  it("is one JSON line a fact, each with its trace, and no trace is sent anywhere without an endpoint", async () => {
    const { tracing } = await openTracing({
      endpoint: null,
      headers: null,
      version: "t",
      settlesAtOnce: false,
    });
    await start(tracing, "gantry-ops");
    await pushAndWait();
    await shownInMetrics();
    await stop();
    const service = "gantry-test/europe-west1/background-removal";
    const revision = "background-removal-00002";
    const known = lines.filter(({ message }) => message === "Recorded an event");
    const fact = (event: string, what: string, candidate: string | null = revision, severity = "INFO") => ({
      severity,
      message: "Recorded an event",
      releaseId: id,
      service,
      deliveryId: delivery,
      ...(candidate === null ? {} : { revision: candidate }),
      event,
      what,
      "logging.googleapis.com/trace": `projects/gantry-ops/traces/${traceId}`,
    });
    const digest = succeeded().image?.digest;
    const expected = [
      fact("release-requested", "asked for by ada-lovelace", null),
      fact("release-began", `begins with commit ${commit.slice(0, 7)}`, null),
    ];
    const shown = known.map(({ time, messageId, "logging.googleapis.com/spanId": span, ...rest }) => {
      expect(time).to.match(/^\d{4}-\d\d-\d\dT/);
      expect(span).to.match(/^[0-9a-f]{16}$/);
      expect(messageId ?? "m").to.be.a("string");
      return rest;
    });
    expect(shown.slice(0, 2)).to.deep.equal(expected);
    expect(shown.find(({ event }) => event === "build-succeeded")).to.deep.equal(
      fact("build-succeeded", `is built: ${digest}`, null),
    );
    expect(shown.find(({ event }) => event === "release-live")).to.deep.equal(
      fact("release-live", `is live as ${revision}`),
    );
    const request = lines.find(({ path }) => path === "/hooks/github");
    expect(request).to.deep.include({
      severity: "INFO",
      message: "Answered a request.",
      status: 202,
      releaseId: id,
      "logging.googleapis.com/trace": `projects/gantry-ops/traces/${traceId}`,
      "logging.googleapis.com/spanId": wholeId,
    });
  });

  it("is one trace from the push to the last effect, whatever is delivered twice", async () => {
    const { spans, headers, url, close } = await collector();
    const { tracing, close: send } = await openTracing({
      endpoint: `${url}/`,
      headers: "x-team=perkie%20prints, x-key = abc",
      version: "1.2.3",
      settlesAtOnce: false,
    });
    await start(tracing, null);
    await pushAndWait();
    await new Promise((resolve) => setTimeout(resolve, 100)); // tidying up is the last effect
    await stop();
    await send();
    await close();
    expect(headers[0]).to.include({ path: "/v1/traces", "x-team": "perkie prints", "x-key": "abc" });
    const own = spans.filter((span) => span.traceId === traceId);
    const named = (name: string) => own.filter((span) => span.name === name);
    expect(named("request release")).to.have.length(2);
    const [whole, ...others] = named("release");
    expect(others).to.deep.equal([]);
    expect(whole).to.include({ spanId: wholeId });
    expect(whole?.parentSpanId ?? "").to.equal("");
    for (const name of ["queued", "building", "deploying", "verifying", "rolling-out", "baking"])
      expect(
        named(name).map(({ parentSpanId }) => parentSpanId),
        name,
      ).to.deep.equal([wholeId]);
    for (const name of [
      "receive build-releases",
      "start-build",
      "deploy-candidate",
      "verify-candidate",
      "move-traffic",
      "watch",
      "tidy",
    ])
      expect(named(name), name).to.not.deep.equal([]);
    const ids = new Set([...own.map(({ spanId }) => spanId)]);
    const orphans = own.filter(({ parentSpanId }) => parentSpanId && !ids.has(parentSpanId));
    expect(orphans.map(({ name }) => name)).to.deep.equal([]);
    const labels = (span: OtlpSpan | undefined) =>
      Object.fromEntries((span?.attributes ?? []).map(({ key, value }) => [key, value.stringValue]));
    expect(labels(named("deploy-candidate")[0])).to.include({
      "gantry.releaseId": id,
      "gantry.service": "gantry-test/europe-west1/background-removal",
      "gantry.deliveryId": delivery,
    });
    expect(labels(whole)).to.include({ "gantry.status": "live", "gantry.tag": "v1.8.0" });
    const record = lines.find(({ event }) => event === "release-live");
    expect(record).to.include({
      "logging.googleapis.com/trace": traceId,
      "logging.googleapis.com/trace_sampled": true,
    });
    expect(ids).to.include(record?.["logging.googleapis.com/spanId"]);
  });

  it("stops nothing where the collector is away", async () => {
    const endpoint = "http://127.0.0.1:1";
    const { tracing, close } = await openTracing({
      endpoint,
      headers: null,
      version: "t",
      settlesAtOnce: true,
    });
    const answer = await tracing.within(
      { name: "x", kind: "internal", facts: { releaseId: id }, parent: null },
      async ({ place }) => place.traceId,
    );
    expect(answer).to.equal(traceId);
    await close();
  });
});
