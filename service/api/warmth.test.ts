import { expect } from "chai";
import { warmthOf } from "../../shared/domain/warm-state.ts";
import {
  candidate,
  commitOf,
  monday,
  releaseBasics,
  releaseConfig,
  releaseRecord,
  revisionName,
  serviceKey,
  serviceState,
} from "../../test/support/fixtures.ts";
import {
  asOperator,
  asViewer,
  jsonOf,
  operatorToken,
  serviceHarness,
} from "../../test/support/service-harness.ts";

const path = `/api/v1/services/${serviceKey()}`;
const hour = 3_600_000;
const hours = {
  days: ["mon"],
  holidays: [],
  from: "09:00",
  to: "21:00",
  zone: "UTC",
  leadMs: 600_000,
  mode: "minInstances",
  instances: 1,
  path: "/health",
  everyMs: 300_000,
} as const;

async function live() {
  const harness = serviceHarness();
  const release = releaseBasics();
  const stable = revisionName("background-removal-00001");
  const raised = { slot: "s", from: 0, to: 1, raise: true, until: monday, at: monday, releaseId: release.id };
  const state = serviceState({
    active: null,
    live: { ...release, candidate: candidate(), stable, since: monday },
    warmth: { ...warmthOf({}), raised },
  });
  const config = releaseConfig({ warmup: hours });
  const configs = [{ hash: release.configHash, config }];
  await harness.commit(commitOf({ state, releases: [releaseRecord({ status: "live" })], configs }));
  return harness;
}

describe("the warmth of a service over HTTP", () => {
  it("is told with until when and why", async () => {
    const { app } = await live();
    const answer = await jsonOf(await app.request(path, asViewer));
    expect(answer).to.have.nested.property("warmth.until", monday + 12 * hour);
    expect(answer).to.have.nested.property(
      "warmth.words",
      "Kept warm until 21:00 (UTC): its minimum is 1, and it was 0.",
    );
  });

  it("is shown in the console", async () => {
    const { app } = await live();
    const login = await app.request(`/login?token=${operatorToken}`);
    const [cookie = ""] = (login.headers.get("set-cookie") ?? "").split(";");
    const page = await (await app.request("/", { headers: { cookie } })).text();
    expect(page).to.include("Kept warm until 21:00 (UTC): its minimum is 1, and it was 0.");
  });

  it("is asked for and called off by an operator, in their name, and by nobody else", async () => {
    const { app, asked } = await live();
    const post = (verb: string, body: object, as = asOperator) =>
      app.request(`${path}/${verb}`, { method: "POST", body: JSON.stringify(body), ...as });
    expect((await post("warm", { for: "90m" })).status).to.equal(202);
    expect((await post("warm", {})).status).to.equal(202);
    expect((await post("cool", {})).status).to.equal(202);
    expect((await post("warm", {}, asViewer)).status).to.equal(403);
    expect((await post("cool", {}, asViewer)).status).to.equal(403);
    const by = { kind: "person", name: "olivia", via: "api" };
    const service = serviceKey();
    expect(asked).to.deep.equal([
      { verb: "warm", params: { service, forMs: 1.5 * hour, by } },
      { verb: "warm", params: { service, forMs: 2 * hour, by } },
      { verb: "coolDown", params: { service, by } },
    ]);
  });

  it("takes no time that is none, and no service that cannot be one", async () => {
    const { app, asked } = await live();
    for (const body of [{ for: "soon" }, { for: "25h" }, { for: "10s" }, { until: "noon" }]) {
      const answer = await app.request(`${path}/warm`, {
        method: "POST",
        body: JSON.stringify(body),
        ...asOperator,
      });
      expect(answer.status).to.equal(400);
      expect(await jsonOf(answer)).to.include({ code: "body-invalid" });
    }
    for (const verb of ["warm", "cool"]) {
      const answer = await app.request(`/api/v1/services/a/b/c/${verb}`, { method: "POST", ...asOperator });
      expect(answer.status).to.equal(404);
    }
    expect(asked).to.deep.equal([]);
  });
});
