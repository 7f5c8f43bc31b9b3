import { expect } from "chai";
import { commitOf, monday, releaseRecord, serviceKey, serviceState } from "../../test/support/fixtures.ts";
import { openPolicy } from "../../test/support/function-harness.ts";
import { asOperator, asViewer, jsonOf, serviceHarness } from "../../test/support/service-harness.ts";

const path = "/api/v1/freezes";
const hour = 3_600_000;

async function withService(freezes: Parameters<typeof openPolicy>[0] = {}) {
  const harness = serviceHarness({}, openPolicy(freezes));
  await harness.commit(commitOf({ state: serviceState(), releases: [releaseRecord()] }));
  const send = (method: string, at: string, body: unknown, headers: Record<string, string> = {}) =>
    harness.app.request(at, {
      method,
      body: JSON.stringify(body),
      headers: { ...asOperator.headers, ...headers },
    });
  const set = (body: object, headers: Record<string, string> = {}) =>
    send("POST", path, { service: serviceKey(), reason: "the database moves", ...body }, headers);
  const list = async (query = "") => jsonOf(await harness.app.request(`${path}${query}`, asViewer));
  return { ...harness, send, set, list };
}

describe("/api/v1/freezes", () => {
  it("sets a freeze in the name of whoever signed in, and says what goes on", async () => {
    const { set, list, app } = await withService();
    const answer = await set({ for: "4h", zone: "Europe/Berlin" });
    expect(answer.status).to.equal(201);
    const { freeze, message } = await jsonOf(answer);
    expect(freeze).to.deep.include({
      services: serviceKey(),
      reason: "the database moves",
      from: monday,
      until: monday + 4 * hour,
      by: { kind: "person", name: "olivia", via: "api" },
      lifted: null,
      state: "stands",
      words: "stands until Mon 5 Jan 2026 14:00 CET",
    });
    expect(message).to.include("1 release that was admitted before goes on: v1.0.0 of ");
    expect((await list())["freezes"]).to.deep.equal([freeze]);
    const service = await jsonOf(await app.request(`/api/v1/services/${serviceKey()}`, asViewer));
    expect(service["frozen"]).to.have.nested.property(
      "[0].words",
      `${serviceKey()} is frozen by olivia until Mon 5 Jan 2026 14:00 CET: the database moves`,
    );
  });

  it("lifts it, and lists it from then on only where all are asked for", async () => {
    const { set, send, list, app } = await withService();
    const { freeze } = await jsonOf(await set({}));
    const { id } = Object(freeze);
    const answer = await send("DELETE", `${path}/${id}`, { reason: "it moved" });
    expect(answer.status).to.equal(200);
    expect(await jsonOf(answer)).to.have.nested.property("freeze.state", "lifted");
    expect((await list())["freezes"]).to.deep.equal([]);
    expect((await list("?all=true"))["freezes"]).to.have.nested.property("[0].lifted.reason", "it moved");
    const { services } = await jsonOf(await app.request("/api/v1/services", asViewer));
    expect(services).to.have.nested.property("[0].frozen").that.deep.equals([]);
    const again = await app.request(`${path}/${id}`, { method: "DELETE", ...asOperator });
    expect(again.status).to.equal(200);
  });

  it("is one for one idempotency key, whatever else is said the second time", async () => {
    const { set, list } = await withService();
    const key = { "idempotency-key": "stop-1" };
    const first = await jsonOf(await set({}, key));
    expect(await jsonOf(await set({ reason: "another" }, key))).to.deep.equal(first);
    expect((await list())["freezes"]).to.have.length(1);
  });

  it("is one for one idempotency key of any length, and for no other", async () => {
    const { set, list } = await withService();
    const key = "k".repeat(300);
    for (const end of ["1", "1", "2"]) await set({}, { "idempotency-key": `${key}${end}` });
    expect((await list())["freezes"]).to.have.length(2);
  });

  it("takes a begin, and an end with its zone", async () => {
    const { set, list } = await withService();
    await set({ service: "**", from: "2026-12-24T18:00+01:00", until: "2027-01-02T08:00Z" });
    expect((await list())["freezes"])
      .to.have.nested.property("[0]")
      .that.deep.includes({
        services: "**",
        from: Date.UTC(2026, 11, 24, 17),
        until: Date.UTC(2027, 0, 2, 8),
        state: "planned",
      });
  });

  it("shows the windows of the policy, which nobody lifts here", async () => {
    const window = {
      kind: "once",
      name: "holidays",
      zone: "UTC",
      services: ["**"],
      from: "2026-01-05T00:00",
      to: "2026-01-06T00:00",
    } as const;
    const { list, send, app } = await withService({ freezes: [window] });
    expect((await list())["windows"]).to.deep.equal([
      { name: "holidays", services: ["**"], zone: "UTC", stands: true, until: Date.UTC(2026, 0, 6) },
    ]);
    const service = await jsonOf(await app.request(`/api/v1/services/${serviceKey()}`, asViewer));
    expect(service["frozen"]).to.have.nested.property("[0].id", null);
    expect((await send("DELETE", `${path}/holidays`, {})).status).to.equal(404);
  });

  const refused: readonly (readonly [string, object, number, string])[] = [
    [
      "a service that is not known",
      { service: "gantry-test/europe-west1/other" },
      404,
      "freeze-covers-nothing",
    ],
    ["no reason", { reason: "  " }, 400, "freeze-without-reason"],
    ["an end that is past", { until: "2026-01-05T08:59Z" }, 400, "freeze-ends-early"],
    ["an end without its zone", { until: "2026-12-24T18:00" }, 400, "body-invalid"],
    ["two ends", { until: "2026-12-24T18:00Z", for: "4h" }, 400, "body-invalid"],
    ["a time of no length", { for: "0s" }, 400, "body-invalid"],
    ["a zone that is none", { zone: "Mars/Olympus" }, 400, "body-invalid"],
    ["a field that is not known", { services: "**" }, 400, "body-invalid"],
    ["a reason that is no text", { reason: 7 }, 400, "body-invalid"],
  ];
  for (const [what, body, status, code] of refused)
    it(`refuses ${what}`, async () => {
      const { set, list } = await withService();
      const answer = await set(body);
      expect(answer.status).to.equal(status);
      expect(answer.headers.get("content-type")).to.equal("application/problem+json");
      expect(await jsonOf(answer)).to.include({ code });
      expect((await list("?all=true"))["freezes"]).to.deep.equal([]);
    });

  it("is changed by operators alone", async () => {
    const { app, list } = await withService();
    const body = JSON.stringify({ service: "**", reason: "why" });
    expect((await app.request(path, { method: "POST", body, ...asViewer })).status).to.equal(403);
    expect((await app.request(`${path}/f-0a1b2c3d`, { method: "DELETE", ...asViewer })).status).to.equal(403);
    expect((await app.request(path, { method: "POST", body })).status).to.equal(401);
    expect((await app.request(`${path}?all=maybe`, asViewer)).status).to.equal(400);
    expect((await list())["freezes"]).to.deep.equal([]);
  });
});

describe("POST /api/v1/releases despite a freeze", () => {
  it("hands the reason on, and takes none that says nothing", async () => {
    const { send, requests } = await withService();
    const ask = (despiteFreeze: string) => send("POST", "/api/v1/releases", { tag: "v1.0.1", despiteFreeze });
    expect((await ask("the site is down")).status).to.equal(202);
    expect(requests.at(-1)).to.include({ tag: "v1.0.1", despiteFreeze: "the site is down" });
    expect((await ask("  ")).status).to.equal(400);
    expect(requests).to.have.length(1);
  });
});
