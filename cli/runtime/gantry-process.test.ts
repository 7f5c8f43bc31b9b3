import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { cloudPorts } from "../../test/support/cloud-ports.ts";
import { OutsideWorld, openPolicy } from "../../test/support/function-harness.ts";
import { httpOptions } from "../../test/support/http-options.ts";
import { startGantry } from "./embedded-process.ts";
import type { HttpOptions } from "./gantry-process.ts";

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** The answer to a request for a release that names no repository. */
async function askWithoutRepository(
  listed: readonly string[],
  http: Partial<HttpOptions> = {},
): Promise<Readonly<{ status: number; body: string }>> {
  const folder = await mkdtemp(join(tmpdir(), "gantry-process-"));
  const world = new OutsideWorld();
  const repositories = listed.map((repository) => ({
    repository,
    services: ["**"],
    branches: null,
    accounts: [],
  }));
  const gantry = await startGantry({
    engine: {
      file: join(folder, "gantry.db"),
      cloud: cloudPorts(world),
      chat: null,
      sourceSite: null,
      policy: openPolicy({ repositories }),
      log: quiet,
    },
    http: httpOptions(http),
  });
  try {
    const answer = await fetch(`${gantry.server.url}/api/v1/releases`, {
      method: "POST",
      headers: { authorization: "Bearer a-token-of-ada", "content-type": "application/json" },
      body: JSON.stringify({ tag: "v9.9.9" }),
    });
    return { status: answer.status, body: await answer.text() };
  } finally {
    await gantry.close();
    await rm(folder, { recursive: true });
  }
}

describe("startGantry()", () => {
  it("takes the only repository that the policy lists for a request that names none", async () => {
    expect((await askWithoutRepository(["perkie/background-removal"])).status).to.equal(202);
  });

  it("takes the repository of the local cloud, whatever the policy allows", async () => {
    const repositories = ["perkie/background-removal"];
    expect((await askWithoutRepository(["*/*"], { repositories })).status).to.equal(202);
  });

  for (const listed of [["*/*"], ["perkie/*"], ["perkie/background-removal", "perkie/*"]]) {
    it(`asks which repository is meant where the policy lists ${listed.join(" and ")}`, async () => {
      const { status, body } = await askWithoutRepository(listed);
      expect(status).to.equal(400);
      expect(body).to.include("Name the `repository` of the tag");
    });
  }
});
