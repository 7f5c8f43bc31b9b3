import { expect } from "chai";
import { commitOf, image, releaseRecord, serviceKey, serviceState } from "../../test/support/fixtures.ts";
import { quarantined } from "../../test/support/quarantine.ts";
import { asOperator, asViewer, jsonOf, serviceHarness } from "../../test/support/service-harness.ts";

const path = `/api/v1/services/${serviceKey()}/quarantine`;

async function withQuarantine() {
  const harness = serviceHarness();
  const state = serviceState({ quarantine: [quarantined("d1"), quarantined("d2")] });
  await harness.commit(commitOf({ state, releases: [releaseRecord()] }));
  return harness;
}

describe("the quarantine of a service", () => {
  it("is listed newest first", async () => {
    const { app } = await withQuarantine();
    const { service, quarantine } = await jsonOf(await app.request(path, asViewer));
    expect(service).to.equal(serviceKey());
    expect(quarantine).to.have.length(2);
    expect(quarantine).to.have.nested.property("[0].digest", image("d2").digest);
  });

  it("is answered with 404 for a service that Gantry does not know, or that cannot be one", async () => {
    const { app } = serviceHarness();
    expect((await app.request(path, asViewer)).status).to.equal(404);
    expect((await app.request("/api/v1/services/a/b/c/quarantine", asViewer)).status).to.equal(404);
  });

  it("loses an image when an operator frees it, in their name", async () => {
    const { app, asked } = await withQuarantine();
    const { digest } = image("d1");
    const answer = await app.request(`${path}/${digest}/free`, { method: "POST", ...asOperator });
    expect(answer.status).to.equal(202);
    const by = { kind: "person", name: "olivia", via: "api" };
    expect(asked).to.deep.equal([{ verb: "freeDigest", params: { service: serviceKey(), digest, by } }]);
    const viewer = await app.request(`${path}/${digest}/free`, { method: "POST", ...asViewer });
    expect(viewer.status).to.equal(403);
    expect(asked).to.have.length(1);
  });

  it("takes a whole digest only", async () => {
    const { app, asked } = await withQuarantine();
    for (const digest of ["sha256:d1", "latest", `${image("d1").digest}0`]) {
      const answer = await app.request(`${path}/${digest}/free`, { method: "POST", ...asOperator });
      expect(answer.status).to.equal(409);
      expect(await jsonOf(answer)).to.include({ code: "not-quarantined" });
    }
    expect(asked).to.deep.equal([]);
  });
});
