import { expect } from "chai";
import {
  commitOf,
  monday,
  releaseBasics,
  releaseRecord,
  serviceKey,
  serviceState,
} from "../../test/support/fixtures.ts";
import { operatorToken, serviceHarness, viewerToken } from "../../test/support/service-harness.ts";
import { serviceSettings } from "../../test/support/settings.ts";

const rows = [{ setting: "memory", wanted: "32Gi", found: "<b>16Gi</b>" }];

async function drifted() {
  const harness = serviceHarness();
  const settings = serviceSettings();
  const { id } = releaseBasics();
  const left = { releaseId: id, settings, serving: null, at: monday, lookEveryMs: 1, isStale: false };
  const drift = { rows, by: "eve@example.com", since: monday, settings, serving: null };
  const finding = {
    severity: "stops",
    code: "guardrail-broken",
    message: "A guard rail is broken.",
    next: "gantry plan TAG",
    rows,
  } as const;
  const releases = [releaseRecord({ findings: [finding] })];
  await harness.commit(commitOf({ state: serviceState({ active: null, left, drift }), releases }));
  const session = async (token: string): Promise<string> => {
    const answer = await harness.app.request(`/login?token=${token}`);
    return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
  };
  const page = async (path: string, token = operatorToken): Promise<string> => {
    const answer = await harness.app.request(path, { headers: { cookie: await session(token) } });
    return answer.text();
  };
  return { harness, page, session };
}

describe("the console, of a service that somebody changed by hand", () => {
  it("shows what changed, who wrote it last, and the button that accepts it", async () => {
    const { page } = await drifted();
    const text = await page("/");
    expect(text).to.include("last written by eve@example.com").and.include("Nothing new is released");
    expect(text).to.include("<td>32Gi</td><td>&lt;b&gt;16Gi&lt;/b&gt;</td>");
    expect(text).to.include(`action="/services/${serviceKey()}/accept"`);
    expect(await page("/", viewerToken)).to.not.include(`action="/services/${serviceKey()}/accept"`);
  });

  it("accepts it through the desk, with the reason", async () => {
    const { harness, session } = await drifted();
    const headers = { origin: "http://localhost", host: "localhost", cookie: await session(operatorToken) };
    const init = { method: "POST", body: new URLSearchParams({ reason: "on purpose" }), headers };
    const answer = await harness.app.request(`/services/${serviceKey()}/accept`, init);
    expect([answer.status, answer.headers.get("location")]).to.deep.equal([303, "/"]);
    expect(harness.asked.at(-1)?.params).to.deep.include({ service: serviceKey(), reason: "on purpose" });
    harness.script.answer = { ok: false, code: "nothing-to-accept", message: "Nobody changed it.", next: "" };
    expect(
      (
        await harness.app.request(`/services/${serviceKey()}/accept`, {
          ...init,
          body: new URLSearchParams(),
        })
      ).status,
    ).to.equal(409);
    expect(
      (await harness.app.request("/services/a/b/c/accept", { ...init, body: new URLSearchParams() })).status,
    ).to.equal(404);
  });

  it("shows what the preflight of a release found, with its table and what to type", async () => {
    const { page } = await drifted();
    const text = await page(`/releases/${releaseBasics().id}`);
    expect(text).to.include("<h2>Preflight</h2>").and.include("A guard rail is broken.");
    expect(text).to.include("<pre>gantry plan v1.0.0</pre>");
  });
});
