import { expect } from "chai";
import { commitOf, commitSha, monday, refusal, serviceState, tagName } from "../../test/support/fixtures.ts";
import { functionHarness, openPolicy, repository } from "../../test/support/function-harness.ts";
import { AppError } from "../ports/app-error.ts";
import { findTags, nextTagLookAt } from "./find-tags.ts";
import { releaseIdFor } from "./release-id.ts";

const minute = 60_000;
const policy = openPolicy({ repositories: [{ repository, services: ["**"], branches: null, accounts: [] }] });

describe("looking for tags whose webhook was lost", () => {
  function setUp() {
    const harness = functionHarness({ policy, settings: { findTagsEveryMs: 5 * minute } });
    const { deps, world, published, clock } = harness;
    const push = (tag: string, start: string): void => {
      world.tags.set(tag, commitSha(start));
      world.commits.add(commitSha(start));
    };
    /** Looks at once, and again when a tag that is new has had its time. */
    const look = async (): Promise<void> => {
      await clock.advance(5 * minute);
      await findTags(deps);
      await clock.advance(minute);
      await findTags(deps);
    };
    const asked = () => published.map(({ data }) => (data as { tag: string }).tag);
    return { ...harness, push, look, asked };
  }

  it("never asks for what was there at the first look", async () => {
    const { push, look, asked, published } = setUp();
    push("v0.1.0", "a1");
    await look();
    await look();
    expect(asked()).to.deep.equal([]);
    push("v1.1.0", "a2");
    await look();
    await look();
    expect(asked()).to.deep.equal(["v1.1.0"]);
    expect(published[0]?.data).to.include({
      repository,
      tag: "v1.1.0",
      commit: commitSha("a2"),
      explicit: false,
      found: true,
    });
  });

  it("gives the webhook a minute before it asks", async () => {
    const { push, clock, deps, asked } = setUp();
    await findTags(deps);
    push("v1.1.0", "a2");
    await clock.advance(5 * minute);
    await findTags(deps);
    expect(asked()).to.deep.equal([]);
    expect(await nextTagLookAt(deps)).to.equal(clock.now() + minute);
    await clock.advance(minute - 1);
    await findTags(deps);
    expect(asked()).to.deep.equal([]);
    await clock.advance(1);
    await findTags(deps);
    expect(asked()).to.deep.equal(["v1.1.0"]);
  });

  it("leaves alone what was released or refused by its webhook", async () => {
    const { push, look, asked, deps } = setUp();
    await look();
    push("v1.1.0", "a2");
    push("v1.2.0", "a3");
    const seen = [{ tag: tagName("v1.1.0"), commit: commitSha("a2"), releaseId: serviceState().active!.id }];
    await deps.store.commit(commitOf({ state: serviceState({ seen }) }));
    await deps.store.recordRefusal(refusal({ repository, tag: "v1.2.0", commit: commitSha("a3") }));
    await look();
    expect(asked()).to.deep.equal([]);
  });

  it("asks once more for what was refused because the git host did not show the commit yet, and no more", async () => {
    const { push, look, asked, published, deps } = setUp();
    await look();
    push("v1.2.0", "a3");
    const gone = { repository, tag: "v1.2.0", commit: commitSha("a3"), code: "commit-not-found" };
    await deps.store.recordRefusal(refusal(gone));
    await look();
    expect(asked()).to.deep.equal(["v1.2.0"]);
    const again = releaseIdFor(String(published[0]?.id));
    await deps.store.recordRefusal(refusal({ ...gone, id: again }));
    push("v1.3.0", "a4");
    for (let n = 0; n < 3; n += 1) await look();
    expect(asked()).to.deep.equal(["v1.2.0", "v1.3.0"]);
  });

  it("says once a day what to do about a repository that the git host does not show", async () => {
    const { deps, world, clock, lines } = setUp();
    world.tagList = () => null;
    for (let n = 0; n < 3; n += 1) {
      await findTags(deps);
      await clock.advance(5 * minute);
    }
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({ level: "warn", repository });
    expect(lines[0]?.message).to.include("gantry.policy.yaml").and.include("read access");
    await clock.advance(24 * 60 * minute);
    await findTags(deps);
    expect(lines).to.have.length(2);
  });

  it("asks in the order of the versions, and the same tag always by the same request", async () => {
    const { push, look, asked, published, deps } = setUp();
    await look();
    for (const [tag, start] of [
      ["v1.10.0", "b1"],
      ["v1.2.0", "b2"],
      ["v1.9.0", "b3"],
      ["nightly", "b4"],
    ] as const)
      push(tag, start);
    await look();
    expect(asked().filter((tag) => tag !== "nightly")).to.deep.equal(["v1.2.0", "v1.9.0", "v1.10.0"]);
    const ids = published.map(({ id }) => id);
    const note = await deps.notes.read(`tags/${repository}`);
    await deps.notes.write({
      key: `tags/${repository}`,
      value: { known: "", fresh: {}, etag: null },
      expected: note?.version ?? 0,
    });
    await look();
    expect(new Set(published.map(({ id }) => id))).to.include.all.keys(ids);
    expect(published.filter(({ id }) => id === ids[0])).to.have.length(2);
  });

  it("asks for a moved tag as for a new one, and for a deleted one not at all", async () => {
    const { push, look, asked, world } = setUp();
    push("v1.1.0", "a2");
    await look();
    push("v1.1.0", "a9");
    push("v1.2.0", "a3");
    await look();
    world.tags.delete("v1.2.0");
    await look();
    expect(asked()).to.deep.equal(["v1.1.0", "v1.2.0"]);
  });

  it("never asks for history that vanished and came back, however often", async () => {
    const { push, look, asked, world } = setUp();
    push("v0.1.0", "a1");
    push("v0.2.0", "a2");
    await look();
    const history = [...world.tags];
    for (let n = 0; n < 3; n += 1) {
      world.tags.clear();
      await look();
      for (const [tag, commit] of history) world.tags.set(tag, commit);
      await look();
    }
    expect(asked()).to.deep.equal([]);
    push("v0.3.0", "a3");
    await look();
    expect(asked()).to.deep.equal(["v0.3.0"]);
  });

  it("keeps of what vanished no more than a note may hold, the newest of it", async () => {
    const { push, look, asked, deps } = setUp();
    const key = `tags/${repository}`;
    const gone = Array.from({ length: 40_000 }, (_, n) => `gone${String(n).padStart(8, "0")}`);
    await deps.notes.write({ key, value: { known: gone.join(" "), fresh: {}, etag: null }, expected: 0 });
    push("v1.1.0", "a2");
    await look();
    const text = JSON.stringify((await deps.notes.read(key))?.value);
    expect(text.length).to.be.within(400_000, 512 * 1024);
    expect(text).to.include(gone.at(-1)).and.not.include(gone[0]);
    await look();
    expect(new Set(asked())).to.have.all.keys("v1.0.0", "v1.1.0");
    expect(asked()).to.have.length(2);
  });

  it("keeps of what is new at once no more than a note may hold, and asks for all of it in the end", async () => {
    const { look, asked, deps, world } = setUp();
    await look();
    const tags = Array.from({ length: 19_000 }, (_, n) => ({ name: `v2.0.${n}`, object: "a" }));
    world.sourcePort.resolveTag = async () => commitSha("a2");
    world.tagList = () => ({ tags, etag: null });
    await look();
    const note = await deps.notes.read(`tags/${repository}`);
    expect(JSON.stringify(note?.value).length).to.be.below(512 * 1024);
    await look();
    expect(new Set(asked())).to.have.length(60);
  });

  it("asks for twenty at a time, and for the rest at the next look", async () => {
    const { push, look, asked } = setUp();
    await look();
    for (let n = 0; n < 25; n += 1) push(`v2.0.${n}`, `d${String(n).padStart(2, "0")}`);
    await look();
    expect(asked()).to.have.length(20);
    await look();
    expect(new Set(asked())).to.have.length(25);
  });

  it("asks the git host on condition, and looks no more often than it is told", async () => {
    const { deps, world, clock } = setUp();
    const etags: (string | null)[] = [];
    world.sourcePort.listTags = async ({ etag }) => {
      etags.push(etag);
      return etag === null ? { tags: [], etag: '"one"' } : "unchanged";
    };
    await findTags(deps);
    await findTags(deps);
    await clock.advance(5 * minute);
    await findTags(deps);
    expect(etags).to.deep.equal([null, '"one"']);
  });

  it("waits as long as a rate limit asks, and goes on where one repository fails", async () => {
    const { deps, world, clock, lines } = setUp();
    const failing = (context: Readonly<Record<string, number>>) => async () => {
      throw new AppError({ code: "source-unavailable", message: "limit", transient: true, context });
    };
    world.sourcePort.listTags = failing({ retryAfterMs: 30 * minute });
    await findTags(deps);
    expect(await nextTagLookAt(deps)).to.equal(monday + 30 * minute);
    await clock.advance(30 * minute);
    world.sourcePort.listTags = failing({});
    await findTags(deps);
    expect(await nextTagLookAt(deps)).to.equal(clock.now() + 5 * minute);
    expect(lines.filter(({ level }) => level === "warn")).to.have.length(2);
  });

  it("does not look where there are too many tags, no such repository, or nobody is to", async () => {
    const { deps, world, lines, clock } = setUp();
    const tags = Array.from({ length: 20_001 }, (_, n) => ({ name: `v1.0.${n}`, object: "a" }));
    world.tagList = () => ({ tags, etag: null });
    await findTags(deps);
    expect(lines.map(({ message }) => message)).to.deep.equal([
      "Too many tags to look for lost ones among them",
    ]);
    world.tagList = () => null;
    await clock.advance(5 * minute);
    await findTags(deps);
    expect(await deps.notes.read(`tags/${repository}`)).to.equal(null);
    const { deps: idle } = functionHarness({ policy });
    await findTags(idle);
    expect([await idle.notes.read("tags"), await nextTagLookAt(idle)]).to.deep.equal([null, null]);
  });

  it("is one process's at a time", async () => {
    const { deps, world } = setUp();
    let looks = 0;
    world.tagList = () => {
      looks += 1;
      return { tags: [], etag: null };
    };
    await Promise.all([findTags(deps), findTags(deps), findTags(deps)]);
    expect(looks).to.equal(1);
  });
});
