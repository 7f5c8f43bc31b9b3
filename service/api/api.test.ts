import { expect } from "chai";
import {
  commitOf,
  commitSha,
  monday,
  refusal,
  releaseId,
  releaseRecord,
  requested,
  serviceKey,
  tagName,
  work,
} from "../../test/support/fixtures.ts";
import { asOperator, asViewer, jsonOf, serviceHarness } from "../../test/support/service-harness.ts";

type Harness = ReturnType<typeof serviceHarness>;

async function withRelease(): Promise<Harness> {
  const harness = serviceHarness();
  await harness.commit(commitOf({ releases: [releaseRecord()], owed: [work()] }));
  return harness;
}

function get({ app }: Harness, path: string): Promise<Response> {
  return Promise.resolve(app.request(`/api/v1${path}`, asViewer));
}

function post({ app }: Harness, path: string, body: unknown, headers: Record<string, string> = {}) {
  const sent = typeof body === "string" ? body : JSON.stringify(body);
  return app.request(`/api/v1${path}`, {
    method: "POST",
    body: sent,
    headers: { ...asOperator.headers, ...headers },
  });
}

const servicePath = `/services/${serviceKey()}`;

describe("GET /api/v1", () => {
  it("names every endpoint", async () => {
    const body = await jsonOf(await get(serviceHarness(), ""));
    expect(body).to.include({ name: "gantry", version: "0.1.0", mode: "local" });
    expect(body["endpoints"]).to.deep.include({
      method: "GET",
      path: "/api/v1/releases/{id}",
      does: "one release",
    });
  });

  it("lists the services with what happens now and the action that is needed", async () => {
    const harness = await withRelease();
    const body = await jsonOf(await get(harness, "/services"));
    expect(body).to.have.property("services").with.length(1);
    expect(body).to.have.nested.include({
      "services[0].key": serviceKey(),
      "services[0].now": "v1.0.0 is being built without cache.",
      "services[0].needed.capability": "cancel",
      "services[0].can.rollBack.allowed": false,
    });
  });

  it("shows a service with its owed work and the traffic that Cloud Run tells", async () => {
    const body = await jsonOf(await get(await withRelease(), servicePath));
    expect(body).to.have.nested.include({ "traffic.state": "read", "traffic.effective[1].percent": 25 });
    expect(body).to.have.nested.include({ "owedWork[0].kind": "start-build", version: 1 });
  });

  it("says that the traffic is not known when Cloud Run errs or takes too long", async () => {
    const failing = serviceHarness({ traffic: () => Promise.reject(new Error("PERMISSION_DENIED")) });
    await failing.commit(commitOf());
    expect(await jsonOf(await get(failing, servicePath))).to.have.deep.property("traffic", {
      state: "unknown",
      error: "PERMISSION_DENIED",
    });
    const hanging = serviceHarness({ traffic: () => new Promise(() => undefined) });
    await hanging.commit(commitOf());
    const answer = get(hanging, servicePath);
    await hanging.clock.advance(3_000);
    expect(await jsonOf(await answer)).to.have.nested.include({
      "traffic.error": "Cloud Run did not answer in 3000 ms.",
    });
    expect(hanging.clock.sleeping).to.equal(0);
  });

  it("asks Cloud Run once for many who look within a second", async () => {
    let asked = 0;
    const harness = serviceHarness({
      traffic: async () => {
        asked += 1;
        return null;
      },
    });
    await harness.commit(commitOf());
    await Promise.all([get(harness, servicePath), get(harness, servicePath)]);
    expect(await jsonOf(await get(harness, servicePath))).to.have.deep.property("traffic", {
      state: "absent",
    });
    expect(asked).to.equal(1);
    await harness.clock.advance(1_000);
    await get(harness, servicePath);
    expect(asked).to.equal(2);
  });

  it("pages through the releases, newest first, without losing or repeating one", async () => {
    const harness = serviceHarness();
    const ids = ["release-1", "release-2", "release-3"].map((id) => releaseId(id));
    const releases = ids.map((id, index) =>
      releaseRecord({ id, requestedAt: monday + (index === 0 ? 0 : 1) }),
    );
    await harness.commit(commitOf({ releases }));
    const seen: unknown[] = [];
    let cursor = "";
    for (let page = 0; page < 3; page += 1) {
      const body = await jsonOf(await get(harness, `/releases?limit=1&service=${serviceKey()}${cursor}`));
      expect(body["releases"]).to.have.length(1);
      seen.push(...(body["releases"] as { id: string }[]).map(({ id }) => id));
      cursor = `&cursor=${String(body["cursor"])}`;
    }
    expect(cursor).to.equal("&cursor=null");
    expect(new Set(seen)).to.deep.equal(new Set(ids));
  });

  it("shows a release with words, permissions and links, its events, and its explanation", async () => {
    const harness = await withRelease();
    const body = await jsonOf(await get(harness, "/releases/release-1"));
    expect(body).to.have.nested.include({
      id: "release-1",
      "words.label": "Building",
      "can.cancel.allowed": true,
      "links.console": "/releases/release-1",
    });
    const { events } = await jsonOf(await get(harness, "/releases/release-1/events"));
    expect(events).to.have.nested.property("[0].event.type", "release-requested");
    const explained = await jsonOf(await get(harness, "/releases/release-1/explain"));
    expect(explained["traffic"]).to.equal("Traffic is unchanged: whatever served before still serves.");
    expect(explained["text"]).to.include("Next:\n  gantry status");
  });

  it("shows refusals, and points to one from the release that never was", async () => {
    const harness = serviceHarness();
    await harness.store.recordRefusal(refusal());
    const listed = await jsonOf(await get(harness, "/refusals"));
    expect(listed).to.have.nested.include({ "refusals[0].code": "config-invalid" });
    expect(await jsonOf(await get(harness, "/refusals/refusal-1"))).to.deep.include({
      problems: refusal().problems,
    });
    const answer = await get(harness, "/releases/refusal-1");
    expect(answer.status).to.equal(404);
    const problem = await jsonOf(answer);
    expect(problem).to.include({ code: "release-refused", next: "GET /api/v1/refusals/refusal-1" });
    expect(problem["detail"]).to.include("gantry.yaml:3:5");
  });

  for (const [path, status, code] of [
    ["/releases/release-9", 404, "release-not-found"],
    ["/releases/NOT%20AN%20ID", 404, "release-not-found"],
    ["/releases/release-9/events", 404, "release-not-found"],
    ["/refusals/refusal-9", 404, "refusal-not-found"],
    ["/services/a/b/c", 404, "service-not-found"],
    ["/services/gantry-test/europe-west1/other", 404, "service-not-found"],
    ["/releases?limit=0", 400, "query-invalid"],
    ["/releases?limit=201", 400, "query-invalid"],
    ["/releases?service=nonsense", 400, "query-invalid"],
    ["/releases?cursor=nonsense", 400, "query-invalid"],
    ["/refusals?limit=x", 400, "query-invalid"],
    ["/deadletters?limit=x", 400, "query-invalid"],
    ["/events?after=-1", 400, "query-invalid"],
    ["/nowhere", 404, "not-found"],
  ] as const) {
    it(`answers ${status} ${code} to ${path}, as a problem document`, async () => {
      const answer = await get(serviceHarness(), path);
      expect(answer.status).to.equal(status);
      expect(answer.headers.get("content-type")).to.equal("application/problem+json");
      const body = await jsonOf(answer);
      expect(body).to.include({ type: `docs/errors.md#${code}`, code, status });
      expect(body).to.have.all.keys("type", "title", "status", "detail", "code", "next", "requestId");
    });
  }
});

describe("POST /api/v1", () => {
  it("asks for a release on purpose, by the only repository when none is named", async () => {
    const harness = serviceHarness();
    const answer = await post(harness, "/releases", { tag: "v2.0.0", commit: commitSha() });
    expect(answer.status).to.equal(202);
    expect(harness.requests).to.have.length(1);
    expect(harness.requests[0]).to.deep.include({
      repository: "perkie/background-removal",
      tag: "v2.0.0",
      commit: commitSha(),
      explicit: true,
      requestedBy: { kind: "person", name: "olivia", via: "api" },
    });
    const { releaseId: id } = await jsonOf(answer);
    expect(answer.headers.get("location")).to.equal(`/api/v1/releases/${String(id)}`);
  });

  it("gives the same release to the same idempotency key of the same person", async () => {
    const harness = serviceHarness();
    const ask = async () =>
      jsonOf(await post(harness, "/releases", { tag: "v2.0.0" }, { "idempotency-key": "k1" }));
    expect((await ask())["releaseId"]).to.equal((await ask())["releaseId"]);
    const other = await jsonOf(await post(harness, "/releases", { tag: "v2.0.0" }));
    expect(other["releaseId"]).to.not.equal((await ask())["releaseId"]);
  });

  it("asks which repository where the policy lists several", async () => {
    const harness = serviceHarness({ repositories: ["a/one", "a/two"] });
    const answer = await post(harness, "/releases", { tag: "v2.0.0" });
    expect(answer.status).to.equal(400);
    expect((await jsonOf(answer))["detail"]).to.include("a/one, a/two");
    expect((await post(harness, "/releases", { tag: "v2.0.0", repository: "a/two" })).status).to.equal(202);
  });

  it("takes an image that was built elsewhere, with or without a tag", async () => {
    const harness = serviceHarness();
    const image = "us-central1-docker.pkg.dev/perkie/gantry/api:by-hand";
    expect((await post(harness, "/releases", { tag: "v2.0.0", image })).status).to.equal(202);
    expect((await post(harness, "/releases", { image })).status).to.equal(202);
    expect(harness.requests.map(({ tag, image: given }) => [tag, given])).to.deep.equal([
      ["v2.0.0", image],
      [null, image],
    ]);
  });

  for (const [what, body] of [
    ["no tag", {}],
    ["no tag and no image", { tag: null }],
    ["an image that is none", { tag: "v1", image: "Not An Image" }],
    ["a short commit", { tag: "v1", commit: "abc" }],
    ["a repository that is a path", { tag: "v1", repository: "../../etc" }],
    ["an unknown field", { tag: "v1", force: true }],
    ["no object", "[]"],
    ["no JSON", "{"],
  ] as const) {
    it(`answers 400 to a release request with ${what}`, async () => {
      const harness = serviceHarness();
      const answer = await post(harness, "/releases", body);
      expect(answer.status).to.equal(400);
      expect(await jsonOf(answer)).to.include({ code: "body-invalid" });
      expect(harness.requests).to.deep.equal([]);
    });
  }

  it("answers 400 tag-invalid to a tag with shell or markup characters", async () => {
    const harness = serviceHarness();
    for (const tag of ["v1;rm -rf /", "<script>", "$(id)", "", "v".repeat(129)]) {
      const answer = await post(harness, "/releases", { tag });
      expect(answer.status, tag).to.equal(400);
      expect(await jsonOf(answer)).to.include({ code: "tag-invalid" });
    }
    expect(harness.requests).to.deep.equal([]);
  });

  for (const verb of ["cancel", "approve", "reject", "pause", "resume", "promote"] as const) {
    it(`hands ${verb} to the desk in the name of the token, with or without a body`, async () => {
      const harness = serviceHarness();
      expect((await post(harness, `/releases/release-1/${verb}`, "")).status).to.equal(202);
      const answer = await post(harness, `/releases/release-1/${verb}`, {
        approvalId: "approval-1",
        reason: "wrong day",
      });
      expect(await jsonOf(answer)).to.include({
        releaseId: "release-1",
        status: "cancelled",
        message: "Done.",
      });
      expect(harness.asked[1]?.verb).to.equal(verb);
      const by = { kind: "person", name: "olivia", via: "api" };
      const reason = verb === "cancel" || verb === "reject" ? { reason: "wrong day" } : {};
      const seen = verb === "approve" || verb === "reject" ? { approvalId: "approval-1" } : {};
      expect(harness.asked[1]?.params).to.deep.equal({ releaseId: "release-1", by, ...reason, ...seen });
    });
  }

  it("hands a rollback to the desk, to the revision before or to a named one", async () => {
    const harness = serviceHarness();
    await post(harness, `${servicePath}/rollback`, {});
    await post(harness, `${servicePath}/rollback`, { to: "background-removal-00001", reason: "slow" });
    expect(harness.asked.map(({ params }) => params["to"])).to.deep.equal([null, "background-removal-00001"]);
    expect(harness.asked[1]?.params).to.include({ service: serviceKey(), reason: "slow" });
    expect((await post(harness, `${servicePath}/rollback`, { to: "Not A Revision" })).status).to.equal(400);
    expect((await post(harness, "/services/a/b/c/rollback", {})).status).to.equal(404);
  });

  for (const [code, status] of [
    ["already-exposed", 409],
    ["release-not-found", 404],
    ["not-an-approver", 403],
  ] as const) {
    it(`answers a refusal "${code}" of the desk with ${status}, its sentence and the next command`, async () => {
      const harness = serviceHarness();
      harness.script.answer = { ok: false, code, message: "It cannot be.", next: "gantry rollback X" };
      const answer = await post(harness, "/releases/release-1/cancel", "");
      expect(answer.status).to.equal(status);
      expect(await jsonOf(answer)).to.include({ code, detail: "It cannot be.", next: "gantry rollback X" });
    });
  }

  it("answers 404 to an id that cannot be a release's", async () => {
    const harness = serviceHarness();
    expect((await post(harness, "/releases/-/cancel", "")).status).to.equal(404);
    expect(harness.asked).to.deep.equal([]);
  });

  it("lists dead letters and replays one", async () => {
    const harness = serviceHarness();
    const message = { topic: "cloud-builds", id: null, data: {}, attributes: {} };
    const letter = { id: "d1", subscription: "deploy", topic: "cloud-builds", message, attempts: 5 };
    harness.dead.push({ ...letter, lastError: "no JSON", deadAt: monday, replayedAt: null });
    const listed = await jsonOf(await get(harness, "/deadletters"));
    expect(listed).to.have.nested.include({ "deadletters[0].lastError": "no JSON" });
    expect(await jsonOf(await post(harness, "/deadletters/d1/replay", ""))).to.include({ replayed: true });
    expect((await post(harness, "/deadletters/d2/replay", "")).status).to.equal(404);
  });

  it("answers 413 to a body over 64 KiB", async () => {
    expect((await post(serviceHarness(), "/releases", { tag: "v".repeat(70_000) })).status).to.equal(413);
  });
});

describe("nowInWords", () => {
  it("is part of a service whose queue holds a newer tag", async () => {
    const harness = serviceHarness();
    const waiting = { ...requested().release, id: releaseId("release-2"), tag: tagName("v1.1.0") };
    const first = commitOf();
    await harness.commit({ ...first, state: { ...first.state, queue: [waiting] } });
    const { now } = await jsonOf(await get(harness, servicePath));
    expect(now).to.equal("v1.0.0 is being built without cache. v1.1.0 waits behind it.");
  });
});
