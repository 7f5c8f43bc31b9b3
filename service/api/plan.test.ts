import { expect } from "chai";
import { commitOf, monday, releaseBasics, serviceKey, serviceState } from "../../test/support/fixtures.ts";
import { asOperator, asViewer, jsonOf, serviceHarness } from "../../test/support/service-harness.ts";
import { serviceSettings } from "../../test/support/settings.ts";

const service = serviceKey();
const rows = [{ setting: "memory", wanted: "32Gi", found: "16Gi" }];

describe("GET /api/v1/plan", () => {
  it("hands the tag to the desk, as of the one repository that there is, and asks for no release", async () => {
    const harness = serviceHarness();
    const response = await harness.app.request("/api/v1/plan?tag=v1.8.0&allow=memory,gpu", asViewer);
    expect(response.status).to.equal(200);
    expect(await jsonOf(response)).to.include({
      repository: "perkie/background-removal",
      outcome: "refused",
      code: "tag-not-found",
    });
    expect(harness.requests[0]).to.deep.include({
      tag: "v1.8.0",
      explicit: true,
      allowChange: { settings: ["memory", "gpu"], reason: "a plan" },
    });
  });

  for (const [what, query] of [
    ["no tag", ""],
    ["a tag that cannot be one", "?tag=v1;reboot"],
    ["a guard rail that there is none of", "?tag=v1&allow=colour"],
    ["a parameter that it does not know", "?tag=v1&nonsense=1"],
  ] as const)
    it(`refuses ${what}`, async () => {
      const response = await serviceHarness().app.request(`/api/v1/plan${query}`, asViewer);
      expect([response.status, (await jsonOf(response))["code"]]).to.deep.equal([400, "query-invalid"]);
    });

  it("asks whose tag it is where several repositories may be meant", async () => {
    const harness = serviceHarness({ repositories: [] });
    const response = await harness.app.request("/api/v1/plan?tag=v1.8.0", asViewer);
    expect((await jsonOf(response))["detail"]).to.include("none by its whole name");
  });
});

describe("a release that may break guard rails", () => {
  const post = (body: object) => ({ ...asOperator, method: "POST", body: JSON.stringify(body) });

  it("is asked for with the settings and the reason", async () => {
    const harness = serviceHarness();
    const allowChange = { settings: ["memory"], reason: "smaller model" };
    const response = await harness.app.request("/api/v1/releases", post({ tag: "v1.8.0", allowChange }));
    expect(response.status).to.equal(202);
    expect(harness.requests[0]).to.deep.include({ allowChange });
  });

  it("is refused without a reason, and for what is no guard rail", async () => {
    for (const allowChange of [
      { settings: ["memory"], reason: " " },
      { settings: ["colour"], reason: "x" },
      { settings: [], reason: "x" },
    ]) {
      const response = await serviceHarness().app.request(
        "/api/v1/releases",
        post({ tag: "v1", allowChange }),
      );
      expect(response.status).to.equal(400);
    }
  });
});

describe("a service that somebody changed", () => {
  async function drifted() {
    const harness = serviceHarness();
    const settings = serviceSettings();
    const left = {
      releaseId: releaseBasics().id,
      settings,
      serving: null,
      at: monday,
      lookEveryMs: 1,
      isStale: false,
    };
    const drift = { rows, by: "eve@example.com", since: monday, settings, serving: null };
    await harness.commit(commitOf({ state: serviceState({ active: null, left, drift }) }));
    return harness;
  }

  it("shows what changed, who wrote it last, and that nothing new is released", async () => {
    const harness = await drifted();
    const shown = await jsonOf(await harness.app.request(`/api/v1/services/${service}`, asViewer));
    expect(shown["drift"]).to.deep.equal({ rows, by: "eve@example.com", since: monday });
    expect(shown["now"]).to.include("Somebody changed it by hand (memory); nothing new is released");
  });

  it("is accepted by an operator, with a reason", async () => {
    const harness = await drifted();
    const init = { ...asOperator, method: "POST", body: JSON.stringify({ reason: "on purpose" }) };
    const response = await harness.app.request(`/api/v1/services/${service}/accept`, init);
    expect(response.status).to.equal(202);
    expect(harness.asked[0]).to.deep.include({ verb: "acceptChanges" });
    expect(harness.asked[0]?.params).to.deep.include({ service, reason: "on purpose" });
  });

  it("is accepted by nobody who may only look", async () => {
    const harness = await drifted();
    const init = { ...asViewer, method: "POST" };
    expect((await harness.app.request(`/api/v1/services/${service}/accept`, init)).status).to.equal(403);
  });

  it("is told with its place", async () => {
    const harness = await drifted();
    const init = { ...asOperator, method: "POST", body: "{}" };
    expect((await harness.app.request("/api/v1/services/a/b/c/accept", init)).status).to.equal(404);
    const bad = { ...asOperator, method: "POST", body: '{"why":1}' };
    expect((await harness.app.request(`/api/v1/services/${service}/accept`, bad)).status).to.equal(400);
  });
});
