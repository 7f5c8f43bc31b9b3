import { expect } from "chai";
import type { Conversations } from "../../shared/ports/conversations.ts";

/** What every implementation of `Conversations` keeps. `open` gives an empty one each time. */
export function conversationsContract(
  params: Readonly<{
    name: string;
    open: () => Promise<Readonly<{ conversations: Conversations; close: () => Promise<void> }>>;
  }>,
): void {
  describe(`conversations on ${params.name}`, () => {
    let conversations: Conversations;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ conversations, close } = await params.open());
    });
    afterEach(() => close());

    const want = (key: string, now = 100, channel = "#deploys") => conversations.want({ key, channel, now });
    const claim = (key: string, owner = "a", now = 100) =>
      conversations.claim({ key, owner, now, leaseMs: 50 });

    it("begin when something is to be said, and are due at once", async () => {
      await want("r-1");
      expect(await conversations.due({ now: 100, limit: 10 })).to.deep.equal(["r-1"]);
      expect(await conversations.nextDueAt()).to.equal(100);
      expect(await conversations.get("r-1")).to.include({
        key: "r-1",
        channel: "#deploys",
        root: null,
        told: 0,
      });
      expect(await conversations.get("r-2")).to.equal(null);
    });

    it("are claimed by one owner until the lease ends", async () => {
      await want("r-1");
      const owners = await Promise.all(["a", "b", "c"].map((owner) => claim("r-1", owner)));
      expect(owners.filter((claimed) => claimed !== null)).to.have.length(1);
      expect(await conversations.due({ now: 149, limit: 10 })).to.deep.equal([]);
      expect(await conversations.nextDueAt()).to.equal(150);
      expect(await claim("r-1", "b", 150)).to.include({ wanted: 1, interrupted: true });
    });

    it("are not claimed before they are due, nor when all is said", async () => {
      await want("r-1");
      const claimed = (await claim("r-1")) ?? expect.fail();
      await conversations.save({ ...claimed, owner: "a", now: 110, dueAt: 500 });
      expect(await claim("r-1", "a", 499)).to.equal(null);
      const later = (await claim("r-1", "a", 500)) ?? expect.fail();
      await conversations.save({ ...later, owner: "a", now: 500, dueAt: null });
      expect(await claim("r-1", "a", 900)).to.equal(null);
      expect(await conversations.nextDueAt()).to.equal(null);
      expect(await claim("r-9")).to.equal(null);
    });

    it("keep what was said, and lose no wish that came in between", async () => {
      await want("r-1");
      const claimed = (await claim("r-1")) ?? expect.fail();
      await want("r-1", 120);
      const root = { channel: "C1", ts: "1.2" };
      await conversations.save({
        conversation: { ...claimed.conversation, root, told: 7 },
        owner: "a",
        wanted: claimed.wanted,
        now: 130,
        dueAt: null,
      });
      expect(await conversations.get("r-1")).to.deep.include({ root, told: 7 });
      expect(await conversations.due({ now: 130, limit: 10 })).to.deep.equal(["r-1"]);
    });

    it("take nothing from an owner whose claim is lost", async () => {
      await want("r-1");
      const late = (await claim("r-1", "a")) ?? expect.fail();
      await claim("r-1", "b", 150);
      await conversations.save({
        conversation: { ...late.conversation, told: 99 },
        owner: "a",
        wanted: 1,
        now: 151,
        dueAt: null,
      });
      expect(await conversations.get("r-1")).to.include({ told: 0 });
    });

    it("speak one after the other in a lane, however many ask at once, and not at all while it is silent", async () => {
      const pace = { everyMs: 1_000, burst: 2 };
      const ask = async (now: number, ticket: number | null = null, lane = "post/deploys") => {
        const promised = await conversations.takeTurn({
          lane,
          pace,
          asked: { now, isUrgent: false, ticket },
        });
        return promised === null ? null : `${promised.ticket} at ${promised.at}`;
      };
      const answers = await Promise.all([ask(5_000), ask(5_000), ask(5_000), ask(5_000)]);
      expect(answers).to.have.members([null, null, "1 at 6000", "2 at 7000"]);
      expect(await ask(5_000, null, "post/other")).to.equal(null);
      expect(await ask(6_000, 1)).to.equal(null);
      await conversations.silence({ lane: "post/deploys", pace, until: 60_000 });
      expect(await ask(7_000, 2)).to.equal("2 at 60000");
      expect(await ask(60_000, 2)).to.equal(null);
    });

    it("are counted by channel, and found by the digest that speaks for them", async () => {
      for (const [key, now] of [
        ["r-1", 100],
        ["r-2", 200],
        ["r-3", 300],
      ] as const)
        await want(key, now);
      await want("r-4", 300, "#other");
      expect(await conversations.begunSince({ channel: "#deploys", since: 200 })).to.equal(2);
      const claimed = (await claim("r-2", "a", 200)) ?? expect.fail();
      await conversations.save({
        conversation: { ...claimed.conversation, digest: "digest/1" },
        owner: "a",
        wanted: 1,
        now: 200,
        dueAt: null,
      });
      expect((await conversations.inDigest("digest/1")).map(({ key }) => key)).to.deep.equal(["r-2"]);
    });
  });
}
