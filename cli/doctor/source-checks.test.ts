import { expect } from "chai";
import { releaseConfig } from "../../test/support/fixtures.ts";
import { checkBuildSource } from "./source-checks.ts";

const connection = "projects/demo/locations/us-west1/connections/acme/repositories/acme-api";

describe("whether Cloud Build can fetch the source, as the doctor finds it", () => {
  const plain = releaseConfig();
  const through = { ...plain, source: { ...plain.source, connection } };

  async function states(status: number, body: object, config = plain) {
    const asked: (string | null)[] = [];
    const send: typeof fetch = async (_url, init) => {
      asked.push(new Headers(init?.headers).get("authorization"));
      return Response.json(body, { status });
    };
    const found = await checkBuildSource({ fetch: send }, { baseUrl: "https://git.test", config });
    return { states: found.map(({ state }) => state), asked };
  }

  it("asks as a stranger, as Cloud Build clones", async () => {
    expect(await states(200, { private: false })).to.deep.equal({ states: ["ok"], asked: [null] });
    expect((await states(404, {})).states).to.deep.equal(["broken"]);
    expect((await states(200, { private: true })).states).to.deep.equal(["broken"]);
    expect((await states(403, {})).states).to.deep.equal(["unknown"]);
  });

  it("asks nobody where a connection is named: the preflight looks at that", async () => {
    expect(await states(404, {}, through)).to.deep.equal({ states: ["ok"], asked: [] });
  });
});
