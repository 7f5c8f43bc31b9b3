import { expect } from "chai";
import { topics } from "../../shared/ports/bus.ts";
import { createDesk } from "../../shared/usecases/gantry-desk.ts";
import { readReleaseRequest } from "../../shared/usecases/messages.ts";
import { releaseIdFor } from "../../shared/usecases/release-id.ts";
import { functionHarness, pubSubEvent } from "../../test/support/function-harness.ts";
import { asOperator, jsonOf, serviceHarness } from "../../test/support/service-harness.ts";

const iap = { "x-goog-iap-jwt-assertion": "believed" };

/** The API with a desk of its own, and people whom Google knows by this address. */
function withDesk(email = "robin@example.com") {
  const { deps, published } = functionHarness();
  const people = {
    iap: { verify: async () => ({ ok: true, email, hostedDomain: null }) as const },
    signIn: null,
    rolesOf: () => ["viewer", "operator"] as const,
  };
  const { app } = serviceHarness({ desk: createDesk(deps), people });
  const ask = async (key: string, headers: Readonly<Record<string, string>> = asOperator.headers) => {
    const answer = await app.request("/api/v1/releases", {
      method: "POST",
      body: JSON.stringify({ tag: "v2.0.0" }),
      headers: { ...headers, "idempotency-key": key },
    });
    expect(answer.status).to.equal(202);
    const request = readReleaseRequest(pubSubEvent(topics.releases, published.at(-1)?.data));
    const { releaseId } = await jsonOf(answer);
    expect(releaseId).to.equal(releaseIdFor(request.requestId));
    return { releaseId, request };
  };
  return { ask };
}

describe("a request for a release that the API takes", () => {
  it("can be read by whoever takes it up, however long its key is", async () => {
    const { ask } = withDesk();
    for (const length of [1, 178, 188, 189, 190, 200, 201, 8_000]) {
      const key = "k".repeat(length);
      const { releaseId } = await ask(key);
      expect((await ask(key)).releaseId).to.equal(releaseId);
      expect((await ask(`${key.slice(1)}x`)).releaseId).to.not.equal(releaseId);
    }
  });

  it("keeps a key that is short as it is", async () => {
    const { ask } = withDesk();
    expect((await ask("k1")).request.requestId).to.equal("api/olivia/k1");
  });

  it("can be read whoever asks: an address has up to 320 characters", async () => {
    const email = `${"r".repeat(64)}@${"e".repeat(251)}.com`;
    const { request } = await withDesk(email).ask("k1", iap);
    expect(request.requestedBy.name).to.equal(email).and.have.length(320);
  });
});
