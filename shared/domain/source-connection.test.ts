import { expect } from "chai";
import { buildRegionOf, connectedRepository } from "./source-connection.ts";

describe("the connection of a source", () => {
  const name = "projects/acme-prod/locations/us-west1/connections/acme/repositories/acme-api";

  it("is read from its full name", () => {
    expect(connectedRepository(name)).to.deep.equal({
      name,
      project: "acme-prod",
      region: "us-west1",
      connection: "acme",
      repository: "acme-api",
    });
    expect(connectedRepository(name.replace("us-west1", "global"))).to.equal(null);
    expect(connectedRepository(`${name}/x`)).to.equal(null);
  });

  it("says where builds run; without one they run anywhere", () => {
    expect(buildRegionOf({ connection: name })).to.equal("us-west1");
    expect(buildRegionOf({ connection: "acme-api" })).to.equal(null);
    expect(buildRegionOf({})).to.equal(null);
  });
});
