import { Script } from "node:vm";
import { expect } from "chai";
import type { Answer } from "../../shared/usecases/desk.ts";
import {
  candidate,
  commitOf,
  monday,
  numberedService,
  plan,
  refusal,
  releaseBasics,
  releaseId,
  releaseRecord,
  requested,
  revisionName,
  serviceKey,
  serviceState,
  tagName,
} from "../../test/support/fixtures.ts";
import { quarantined } from "../../test/support/quarantine.ts";
import { operatorToken, serviceHarness, viewerToken } from "../../test/support/service-harness.ts";
import { liveScript } from "./live-script.ts";

type Harness = ReturnType<typeof serviceHarness>;
const pair = { candidate: candidate(), stable: revisionName("background-removal-00001") };
const own = { origin: "http://localhost", host: "localhost" };

async function cookie({ app }: Harness, token: string): Promise<string> {
  const answer = await app.request(`/login?token=${token}`);
  return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
}

async function page(harness: Harness, path: string, token = operatorToken) {
  const answer = await harness.app.request(path, { headers: { cookie: await cookie(harness, token) } });
  return { status: answer.status, location: answer.headers.get("location"), text: await answer.text() };
}

async function post(
  harness: Harness,
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = own,
) {
  const sent = { ...headers, cookie: await cookie(harness, operatorToken) };
  return harness.app.request(path, { method: "POST", body: new URLSearchParams(form), headers: sent });
}

async function withRelease(changes: Parameters<typeof commitOf>[0] = {}): Promise<Harness> {
  const harness = serviceHarness();
  await harness.commit(commitOf({ releases: [releaseRecord()], ...changes }));
  return harness;
}

describe("the console", () => {
  it("sends whoever is not signed in to the sign-in page, and back afterwards", async () => {
    const answer = await serviceHarness().app.request("/releases/release-1");
    expect(answer.status).to.equal(303);
    expect(answer.headers.get("location")).to.equal("/login?next=%2Freleases%2Frelease-1");
  });

  it("brings the cookie along when a link on another site leads here, and asks only once", async () => {
    const { app } = serviceHarness();
    const headers = { "sec-fetch-site": "cross-site" };
    const first = await app.request("/releases/release-1", { headers });
    expect(await first.text()).to.include('<meta http-equiv="refresh" content="0;url=/releases/release-1"/>');
    const again = await app.request("/releases/release-1", { headers: { "sec-fetch-site": "same-origin" } });
    expect(again.status).to.equal(303);
  });

  it("shows that there is nothing yet", async () => {
    const { text } = await page(serviceHarness(), "/");
    expect(text).to.match(/^<!doctype html><html lang="en">/);
    expect(text).to.include("No service yet. Push a tag, and it shows here.");
  });

  it("shows a live service: since when, the traffic with its shares, and a way back", async () => {
    const live = { ...releaseBasics(), ...pair, since: monday };
    const state = { ...commitOf().state, active: null, live };
    const { text } = await page(await withRelease({ state }), "/");
    expect(text).to.include('<a href="/releases/release-1">v1.0.0</a> live since ');
    expect(text).to.include('<time datetime="2026-01-05T09:00:00.000Z">2026-01-05 09:00:00 UTC</time>');
    expect(text).to.include('<rect class="share-1" x="75" y="0" width="25" height="4"></rect>');
    expect(text).to.include("background-removal-00002 25 %");
    expect(text).to.include(`<form method="post" action="/services/${serviceKey()}/rollback">`);
    expect(text).to.include("v1.0.0 is live; nothing is being released.");
  });

  it("offers the one button that is needed, and says how many approvals wait", async () => {
    const active = {
      ...releaseBasics(),
      status: "awaiting-approval",
      approvalId: "approval-1",
      approvedBy: [],
      expiresAt: monday,
      ...pair,
    } as const;
    const { text } = await page(await withRelease({ state: { ...commitOf().state, active } }), "/");
    expect(text).to.include("1 approval waits");
    expect(text).to.include('action="/releases/release-1/approve"').and.not.include("/cancel");
  });

  it("says why a button is disabled: what the release allows, and what the person may", async () => {
    const approval = { ...plan().approval, required: true };
    const asked = await withRelease({ releases: [releaseRecord({ plan: plan({ approval }) })] });
    const building = await page(asked, "/releases/release-1");
    expect(building.text).to.include(
      '<button type="button" disabled="" aria-describedby="approve-why">Approve</button>' +
        '<small id="approve-why">The release is being built without cache and cannot be approved.</small>',
    );
    const viewer = await page(await withRelease(), "/releases/release-1", viewerToken);
    expect(viewer.text).to.include('<small id="cancel-why">The role operator is needed.</small>');
    expect(viewer.text).to.not.include('<form method="post" action="/releases');
  });

  it("offers no approval where none is asked for", async () => {
    const { text } = await page(await withRelease(), "/releases/release-1");
    expect(text).to.not.include("Approve<").and.not.include("Reject<");
  });

  it("says of a release in whose place another one is live that it was", async () => {
    const newer = { supersededBy: releaseId("release-2"), supersededByTag: tagName("v2.0.0") };
    const was = releaseRecord({ status: "live", ...newer });
    const harness = await withRelease({ releases: [was] });
    for (const path of ["/", "/releases/release-1"]) {
      const { text } = await page(harness, path);
      expect(text).to.include('<span class="status quiet">Was live</span>');
      expect(text).to.not.match(/\p{Extended_Pictographic}/u);
    }
    const { text } = await page(harness, "/releases/release-1");
    expect(text).to.include('<dt>Live since</dt><dd><a href="/releases/release-2">v2.0.0</a></dd>');
  });

  it("names the release that took the place of one by its tag, and leads to it", async () => {
    const newer = { supersededBy: releaseId("release-2"), supersededByTag: tagName("v2.0.0") };
    const harness = await withRelease({ releases: [releaseRecord({ status: "superseded", ...newer })] });
    const { text } = await page(harness, "/releases/release-1");
    expect(text).to.include('<dt>Superseded by</dt><dd><a href="/releases/release-2">v2.0.0</a></dd>');
    expect(text).to.include("v2.0.0 took its place.");
  });

  it("says of an approval that nobody gave in time that it expired, not that it was rejected", async () => {
    const failure = { code: "approval-expired", message: "Nobody approved v1.0.0 in time." } as const;
    const harness = await withRelease({ releases: [releaseRecord({ status: "rejected", failure })] });
    for (const path of ["/", "/releases/release-1"]) {
      const { text } = await page(harness, path);
      expect(text).to.include('<span class="status bad">Expired</span>').and.not.include("Rejected");
    }
  });

  it("says honestly that the traffic is not known, on its way, or nowhere", async () => {
    const unknown = serviceHarness({ traffic: () => Promise.reject(new Error("UNAVAILABLE <b>")) });
    await unknown.commit(commitOf());
    expect((await page(unknown, "/")).text).to.include("Traffic is not known: UNAVAILABLE &lt;b&gt;");
    const absent = serviceHarness({ traffic: async () => null });
    await absent.commit(commitOf());
    expect((await page(absent, "/")).text).to.include("Cloud Run has no such service yet.");
    const moving = await withRelease();
    const snapshot = await moving.deps.traffic(serviceKey());
    const unsettled = serviceHarness({
      traffic: async () => (snapshot ? { ...snapshot, settled: false } : null),
    });
    await unsettled.commit(commitOf());
    expect((await page(unsettled, "/")).text).to.include(
      "Cloud Run is moving to: background-removal-00001 75 %",
    );
  });

  it("shows a release with its way, checks against limits, timeline, explanation and JSON twin", async () => {
    const checks = [{ name: "health", verdict: "fail", measured: "503", limit: "200" }] as const;
    const failure = { code: "gate-failed", message: "The gate failed." } as const;
    const record = releaseRecord({ status: "failed", checks, failure, ...pair });
    const { text } = await page(await withRelease({ releases: [record] }), "/releases/release-1");
    expect(text).to.include('<li class="done">tag<span class="state"> done</span></li>');
    expect(text).to.include(
      '<tr class="fail"><td>health</td><td class="verdict">fail</td><td>503</td><td>200</td></tr>',
    );
    expect(text).to.include("asked for by ada");
    expect(text).to.include("Traffic is unchanged: background-removal-00001 still serves 100 %.");
    expect(text).to.include(
      '<link rel="alternate" type="application/json" href="/api/v1/releases/release-1"/>',
    );
    expect(text).to.include('<section id="actions" data-live="true"></section>');
  });

  it("works without JavaScript, and needs nothing inline", async () => {
    const { text } = await page(await withRelease(), "/");
    expect(text).to.include('<noscript><meta http-equiv="refresh" content="10"/></noscript>');
    expect(text).to.include('<script src="/assets/console.js" defer=""></script>');
    expect(text).to.not.match(/ style=|<style| on[a-z]+=/);
    expect(text.match(/<script/g)).to.have.length(1);
  });

  it("shows fifty services a page, those at work first, and what was given up", async () => {
    const harness = serviceHarness();
    for (let n = 1; n <= 51; n += 1) {
      const service = numberedService(n);
      const { state } = commitOf({ service });
      const atRest = { ...state, active: n === 51 ? state.active : null };
      await harness.commit(commitOf({ service, state: atRest }));
    }
    const message = { topic: "cloud-builds", id: null, data: {}, attributes: {} };
    const letter = {
      id: "d1",
      subscription: "deploy",
      topic: "cloud-builds",
      message,
      attempts: 5,
      lastError: "",
    };
    harness.dead.push(
      { ...letter, deadAt: monday, replayedAt: null },
      { ...letter, deadAt: monday, replayedAt: 1 },
    );
    const { text } = await page(harness, "/");
    expect(text.match(/<article/g)).to.have.length(50);
    expect(text.indexOf("service-51 ")).to.be.below(text.indexOf("service-1 "));
    expect(text).to.include("1 message was given up");
    expect(text).to.include('Page 1 of 2 <a href="/?page=2">More</a>');
    expect((await page(harness, "/?page=2")).text.match(/<article/g)).to.have.length(1);
    expect((await page(harness, "/?page=-1")).status).to.equal(200);
  });

  it("escapes whatever comes from outside, on every page", async () => {
    const evil = `"><script>alert(1)</script>`;
    const basics = {
      ...releaseBasics(),
      repository: evil,
      requestedBy: { kind: "person", name: evil },
    } as const;
    const build = { id: null, logUrl: `javascript:alert(1)`, startedAt: monday };
    const record = {
      ...releaseRecord({ ...basics, failure: { code: "build-failed", message: evil }, status: "failed" }),
      tag: evil,
      commit: evil,
      build,
    };
    const state = { ...commitOf().state, active: { ...basics, tag: evil, status: "building", build: null } };
    const events = [requested({ ...basics, tag: evil } as ReturnType<typeof releaseBasics>)];
    const harness = serviceHarness();
    await harness.commit({ ...commitOf(), state, events, releases: [record] } as unknown as ReturnType<
      typeof commitOf
    >);
    await harness.store.recordRefusal(
      refusal({ tag: evil, repository: evil, message: evil, problems: [evil] }),
    );
    for (const path of ["/", "/releases/release-1", "/refusals/refusal-1"]) {
      const { status, text } = await page(harness, path);
      expect(status, path).to.equal(200);
      expect(text, path).to.not.include("<script>").and.not.include('"><script');
      expect(text, path).to.include("&lt;script&gt;alert(1)&lt;/script&gt;");
      expect(text, path).to.not.include('href="javascript:');
    }
  });

  it("shows a refusal place by place, also under the id of the release that never was", async () => {
    const harness = serviceHarness();
    await harness.store.recordRefusal(refusal());
    expect((await page(harness, "/releases/refusal-1")).location).to.equal("/refusals/refusal-1");
    const { text } = await page(harness, "/refusals/refusal-1");
    expect(text).to.include("<pre>gantry.yaml:3:5 rollout.steps: the last step must be 100%</pre>");
    expect(text).to.include("Nothing was built, and the traffic is unchanged.");
    expect((await page(harness, "/")).text).to.include("gantry.yaml has errors");
  });

  it("answers 404 with a page for what it does not know", async () => {
    expect((await page(serviceHarness(), "/releases/release-9")).status).to.equal(404);
    expect((await page(serviceHarness(), "/refusals/refusal-9")).status).to.equal(404);
  });

  for (const [path, verb] of [
    ["/releases/release-1/cancel", "cancel"],
    ["/releases/release-1/approve", "approve"],
    ["/releases/release-1/reject", "reject"],
    [`/services/${serviceKey()}/rollback`, "rollBack"],
  ] as const) {
    it(`hands ${verb} of a form to the desk and goes to the release`, async () => {
      const harness = serviceHarness();
      const answer = await post(harness, path, { reason: "too slow" });
      expect(answer.status).to.equal(303);
      expect(answer.headers.get("location")).to.equal("/releases/release-1");
      expect(harness.asked[0]?.verb).to.equal(verb);
      expect(harness.asked[0]?.params["by"]).to.deep.equal({
        kind: "person",
        name: "olivia",
        via: "console",
      });
      if (verb !== "approve") expect(harness.asked[0]?.params["reason"]).to.equal("too slow");
    });
  }

  it("shows why the desk refused, and the next command", async () => {
    const harness = serviceHarness();
    const answer: Answer = {
      ok: false,
      code: "already-exposed",
      message: "It has traffic.",
      next: "gantry rollback X",
    };
    harness.script.answer = answer;
    const refused = await post(harness, "/releases/release-1/cancel", {});
    expect(refused.status).to.equal(409);
    expect(await refused.text())
      .to.include("It has traffic.")
      .and.include("gantry rollback X");
  });

  it("refuses a form from another site, from nowhere, without a session, or by a viewer", async () => {
    const harness = serviceHarness();
    const path = "/releases/release-1/cancel";
    for (const headers of [
      { host: "localhost", origin: "http://evil.test" },
      { host: "localhost", origin: "null" },
      { host: "localhost" },
    ]) {
      expect((await post(harness, path, {}, headers)).status).to.equal(403);
    }
    const nobody = await harness.app.request(path, { method: "POST", headers: own });
    expect(nobody.headers.get("location")).to.equal("/login?next=%2F");
    const headers = { ...own, cookie: await cookie(harness, viewerToken) };
    expect((await harness.app.request(path, { method: "POST", headers })).status).to.equal(403);
    expect(harness.asked).to.deep.equal([]);
  });

  it("serves its script and stylesheet, which a browser need not fetch twice", async () => {
    const { app } = serviceHarness();
    for (const [name, type] of [
      ["console.js", "text/javascript"],
      ["console.css", "text/css"],
    ] as const) {
      const answer = await app.request(`/assets/${name}`);
      expect(answer.headers.get("content-type")).to.include(type);
      const headers = { "if-none-match": answer.headers.get("etag") ?? "" };
      expect((await app.request(`/assets/${name}`, { headers })).status).to.equal(304);
    }
    expect(() => new Script(liveScript)).to.not.throw();
  });

  it("tells the script from which position on to follow", async () => {
    const { text } = await page(await withRelease(), "/");
    expect(text).to.include('<main data-position="1">');
    expect(text).to.include(`id="service-${serviceKey().replaceAll("/", "-")}" data-live="true"`);
    expect(releaseId()).to.equal("release-1");
  });

  it("shows what is in quarantine, and frees it in the name of who is signed in", async () => {
    const state = serviceState({ quarantine: [quarantined()] });
    const harness = await withRelease({ state });
    const path = `/services/${serviceKey()}/quarantine/${quarantined().digest}/free`;
    const { text } = await page(harness, "/");
    expect(text).to.include("In quarantine").and.include(`action="${path}"`);
    expect((await page(harness, "/", viewerToken)).text).to.not.include(`action="${path}"`);
    const answer = await post(harness, path, {});
    expect(answer.status).to.equal(303);
    expect(harness.asked.at(-1)).to.deep.equal({
      verb: "freeDigest",
      params: {
        service: serviceKey(),
        digest: quarantined().digest,
        by: { kind: "person", name: "olivia", via: "console" },
      },
    });
    const wrong = await post(harness, `/services/${serviceKey()}/quarantine/latest/free`, {});
    expect(wrong.status).to.equal(404);
  });

  it("freezes a service and lifts that in the name of who is signed in, and says why a viewer cannot", async () => {
    const harness = await withRelease();
    const path = `/services/${serviceKey()}/freeze`;
    expect((await page(harness, "/")).text).to.include(`action="${path}"`);
    expect((await page(harness, "/", viewerToken)).text).to.not.include(`action="${path}"`);
    expect((await post(harness, path, { reason: "" })).status).to.equal(400);
    expect((await post(harness, path, { reason: "<b>moving</b>" })).headers.get("location")).to.equal("/");
    const { text } = await page(harness, "/");
    expect(text).to.include(
      `${serviceKey()} is frozen by olivia until somebody lifts it: &lt;b&gt;moving&lt;/b&gt;. A rollback always may run.`,
    );
    expect(text).to.not.include(`action="${path}"`);
    const [, lift = ""] = /action="(\/freezes\/f-[0-9a-z]{8}\/lift)"/.exec(text) ?? [];
    expect((await page(harness, "/", viewerToken)).text).to.not.include(`action="${lift}"`);
    expect((await post(harness, lift, {})).status).to.equal(303);
    expect((await page(harness, "/")).text).to.not.include("is frozen");
    expect((await post(harness, "/freezes/f-unknown0/lift", {})).status).to.equal(404);
  });
});
