import { expect } from "chai";
import { asViewer, serviceHarness } from "../test/support/service-harness.ts";

const page = async () => ({ contentType: "text/plain; version=0.0.4; charset=utf-8", body: "gantry 1\n" });

describe("GET /metrics", () => {
  it("is anybody's on one's own machine", async () => {
    const { app } = serviceHarness({ metrics: page });
    const answer = await app.request("/metrics");
    expect([answer.status, await answer.text()]).to.deep.equal([200, "gantry 1\n"]);
    expect(answer.headers.get("content-type")).to.equal("text/plain; version=0.0.4; charset=utf-8");
    expect(answer.headers.get("cache-control")).to.equal("no-store");
  });

  it("needs a token of a viewer where Gantry serves", async () => {
    const { app } = serviceHarness({ metrics: page, mode: "serve" });
    expect((await app.request("/metrics")).status).to.equal(401);
    const wrong = { headers: { authorization: "Bearer nobody" } };
    expect((await app.request("/metrics", wrong)).status).to.equal(401);
    expect((await app.request("/metrics", asViewer)).status).to.equal(200);
    expect((await app.request("/metrics", { method: "POST", ...asViewer })).status).to.equal(405);
  });

  it("is not there where nothing is counted", async () => {
    expect((await serviceHarness().app.request("/metrics")).status).to.equal(404);
  });
});
