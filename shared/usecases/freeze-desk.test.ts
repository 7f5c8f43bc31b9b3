import { expect } from "chai";
import { monday, numberedService, person, serviceKey } from "../../test/support/fixtures.ts";
import {
  functionHarness,
  openPolicy,
  pubSubEvent,
  releaseRequest,
} from "../../test/support/function-harness.ts";
import { topics } from "../ports/bus.ts";
import { admit } from "./admit.ts";
import type { ReleaseRequest } from "./desk.ts";
import { createFreezeDesk, type FreezeRequest } from "./freeze-desk.ts";
import { releaseIdFor } from "./release-id.ts";

const hour = 3_600_000;

/** A service that has released before, and whose tags are asked for. */
async function story(freezes: Parameters<typeof openPolicy>[0] = {}) {
  const harness = functionHarness({ policy: openPolicy(freezes) });
  const { deps, clock, world, finished } = harness;
  const desk = createFreezeDesk(deps);
  const ask = (changes: Partial<ReleaseRequest> = {}) =>
    finished(admit(deps, pubSubEvent(topics.releases, releaseRequest(changes))));
  await ask({ requestId: "github/0" });
  const set = (changes: Partial<FreezeRequest> = {}) =>
    desk.set({
      requestId: "api/1",
      services: serviceKey(),
      from: null,
      until: null,
      zone: "UTC",
      reason: "the database moves",
      by: person,
      ...changes,
    });
  const outcome = async (requestId: string) => {
    const id = releaseIdFor(requestId);
    return (await deps.store.refusal(id))?.code ?? (await deps.store.release(id))?.status ?? "nothing";
  };
  const again = (n: number, changes: Partial<ReleaseRequest> = {}) =>
    ask({ requestId: `github/${n}`, explicit: true, ...changes });
  return { ...harness, deps, clock, world, desk, ask, set, again, outcome };
}

describe("a freeze that somebody sets", () => {
  it("refuses what is asked for from then on, and says who, why, until when and what to type", async () => {
    const { deps, set, again, outcome, state } = await story();
    const before = await state();
    const answer = await set({ until: monday + 24 * hour });
    expect(answer).to.have.property("ok", true);
    expect(answer.message).to.match(
      /is frozen until Tue 6 Jan 2026 09:00 UTC \(f-[0-9a-z]{8}, 1 service now\).* 1 release that was admitted before goes on: v1\.0\.0 of /,
    );
    await again(1);
    expect(await outcome("github/1")).to.equal("frozen");
    expect((await deps.store.refusal(releaseIdFor("github/1")))?.message).to.match(
      /^gantry-test\/europe-west1\/background-removal is frozen by ada until Tue 6 Jan 2026 09:00 UTC: the database moves\. .*a rollback always may run.*gantry deploy v1\.0\.0 --despite-freeze REASON.*gantry freeze off f-/,
    );
    expect(await state()).to.deep.equal(before);
  });

  it("ends by itself", async () => {
    const { set, again, outcome, clock } = await story();
    await set({ until: monday + 24 * hour });
    await clock.advance(24 * hour);
    await again(1);
    expect(await outcome("github/1")).to.equal("building");
  });

  it("begins when it is said to", async () => {
    const { set, again, outcome, clock } = await story();
    await set({ from: monday + 24 * hour });
    await again(1);
    await clock.advance(24 * hour);
    await again(2);
    expect(await outcome("github/1")).to.equal("building");
    expect(await outcome("github/2")).to.equal("frozen");
  });

  it("is one, however often the command is delivered, and one that was lifted meanwhile stays lifted", async () => {
    const { desk, set } = await story();
    const first = await set();
    const id = first.ok ? first.freeze.id : "";
    expect(await set()).to.deep.equal(first);
    expect((await desk.board()).freezes).to.have.length(1);
    await desk.lift({ id, by: { ...person, name: "maya" }, reason: "done" });
    expect((await set()).message).to.match(/was set before and is lifted by maya .*: done/);
    expect((await desk.board()).freezes.map(({ lifted }) => lifted?.by.name)).to.deep.equal(["maya"]);
  });

  it("is lifted once, by whom and why is kept, and the tag may be asked for again", async () => {
    const { desk, set, again, outcome, clock, lines } = await story();
    const first = await set();
    const id = first.ok ? first.freeze.id : "";
    await clock.advance(hour);
    const lift = (name: string) =>
      desk.lift({ id, by: { ...person, name }, reason: `by ${name}`, cause: name });
    const { at } = await desk.board();
    expect(await lift("maya"))
      .to.have.nested.property("freeze.lifted")
      .that.includes({ at, reason: "by maya" });
    expect((await lift("lee")).message)
      .to.include("is lifted by maya")
      .and.not.include("lee");
    expect(lines.filter(({ message }) => message === "A freeze is lifted")).to.have.length(1);
    await again(1);
    expect(await outcome("github/1")).to.equal("building");
  });

  it("stands over services that it names by a glob, and over no others", async () => {
    const { set, again, outcome } = await story();
    expect(await set({ services: "gantry-test/**" })).to.have.property("ok", true);
    await again(1);
    expect(await outcome("github/1")).to.equal("frozen");
  });

  const refused: readonly (readonly [string, Partial<FreezeRequest>, string])[] = [
    ["without a reason", { reason: " " }, "freeze-without-reason"],
    ["that ends at once", { until: monday }, "freeze-ends-early"],
    [
      "that ends before it begins",
      { from: monday + 48 * hour, until: monday + 24 * hour },
      "freeze-ends-early",
    ],
    ["of a service that Gantry does not know", { services: numberedService(1) }, "freeze-covers-nothing"],
    ["of no service at all", { services: "background-removal" }, "freeze-covers-nothing"],
    ["of a glob that covers nothing", { services: "other/**" }, "freeze-covers-nothing"],
  ];
  for (const [what, changes, code] of refused)
    it(`is not set ${what}`, async () => {
      const { desk, set } = await story();
      expect(await set(changes)).to.include({ ok: false, code });
      expect((await desk.board()).freezes).to.deep.equal([]);
    });

  it("may be set for every service before there is one", async () => {
    const { deps } = functionHarness();
    const request = { requestId: "api/1", services: "**", from: null, until: null, zone: "UTC", by: person };
    expect(await createFreezeDesk(deps).set({ ...request, reason: "not yet" })).to.have.property("ok", true);
  });

  it("that is not known is not lifted", async () => {
    const { desk } = await story();
    expect(await desk.lift({ id: "f-unknown0", by: person, reason: "" })).to.include({
      ok: false,
      code: "freeze-not-found",
    });
  });
});

describe("a release despite a freeze", () => {
  it("is admitted for a reason, which stays with it", async () => {
    const { deps, set, again, outcome } = await story();
    await set({ services: "**" });
    await again(1, { despiteFreeze: "the site is down" });
    expect(await outcome("github/1")).to.equal("building");
    const record = await deps.store.release(releaseIdFor("github/1"));
    expect(record?.despite?.reason).to.equal("the site is down");
    expect(record?.despite?.freezes).to.include("Every service was frozen by ada");
  });

  it("is like any other where nothing is frozen", async () => {
    const { deps, again, outcome } = await story();
    await again(1, { despiteFreeze: "the site is down" });
    expect(await outcome("github/1")).to.equal("building");
    expect(await deps.store.release(releaseIdFor("github/1"))).not.to.have.property("despite");
  });

  it("goes through a window of the policy too", async () => {
    const services = ["**"];
    const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
    const window = { kind: "weekly", name: "always", zone: "UTC", services, days, hours: null } as const;
    const { deps, desk, outcome, again } = await story({ freezes: [window] });
    expect(await outcome("github/0")).to.equal("frozen");
    expect((await deps.store.refusal(releaseIdFor("github/0")))?.message).to.include(
      "Every service is frozen by the operator's policy with no end that the policy names: always.",
    );
    await again(1, { despiteFreeze: "the site is down" });
    expect(await outcome("github/1")).to.equal("building");
    expect((await desk.board()).windows).to.deep.equal([
      { name: "always", services, zone: "UTC", stands: true, until: null },
    ]);
  });
});
