import { expect } from "chai";
import type { Work } from "../../shared/domain/work.ts";
import type { Commit, Store } from "../../shared/ports/store.ts";
import { commitOf, monday, numberedService, serviceKey, work } from "../support/fixtures.ts";

const key = serviceKey();
const leaseMs = 1000;
const now = monday;
const fresh = { attempt: 0, claimedBy: null, leaseUntil: null, lastError: null };

/** What every store must do with owed work, in the words of the port. */
export function owedWorkContract(current: () => Store): void {
  const owe = async (owed: readonly Work[], expectedVersion = 0) => {
    const result = await current().commit(commitOf({ owed, expectedVersion, events: [] }));
    expect(result.outcome).to.equal("committed");
  };
  const claim = (piece: Work, owner = "one", at = now) =>
    current().claimWork({ id: piece.id, owner, now: at, leaseMs });
  const dueIds = async (at = now, limit = 100) =>
    (await current().dueWork({ now: at, limit })).map((piece) => piece.id);

  describe("owed work", () => {
    it("is due from its time on, oldest first, as many as asked for", async () => {
      const later = work({ kind: "watch", dueAt: now + 10 });
      const early = work({ kind: "tidy", dueAt: now - 10 });
      await owe([later, work(), early]);
      expect(await current().dueWork({ now, limit: 100 })).to.deep.equal([
        { ...early, ...fresh },
        { ...work(), ...fresh },
      ]);
      expect(await dueIds(now + 10)).to.deep.equal([early.id, work().id, later.id]);
      expect(await dueIds(now + 10, 1)).to.deep.equal([early.id]);
    });

    it("that is stored keeps its attempts and its claim; what is no longer owed is dropped, claimed or not", async () => {
      const [kept, claimedAndDropped, dropped] = [work(), work({ kind: "watch" }), work({ kind: "tidy" })];
      const added = work({ kind: "verify-candidate" });
      await owe([kept, claimedAndDropped, dropped]);
      await claim(kept);
      await claim(claimedAndDropped);
      await owe([kept, added], 1);
      expect(await current().owedWork(key)).to.have.deep.members([
        { ...kept, attempt: 1, claimedBy: "one", leaseUntil: now + leaseMs, lastError: null },
        { ...added, ...fresh },
      ]);
      expect(await claim(dropped)).to.equal(null);
      const renewed = await current().renewClaim({
        id: claimedAndDropped.id,
        owner: "one",
        attempt: 1,
        now,
        leaseMs,
      });
      expect(renewed).to.equal(false);
    });

    it("of one service is untouched by a commit of another", async () => {
      await owe([work()]);
      const other = work({ service: numberedService(2), of: "other" });
      await current().commit(commitOf({ service: numberedService(2), owed: [other] }));
      expect(await current().owedWork(key)).to.have.length(1);
      expect(await current().owedWork(numberedService(2))).to.deep.equal([{ ...other, ...fresh }]);
    });

    it("tells when to look again: the next due time, or the end of the next claim", async () => {
      const store = current();
      expect(await store.nextDueAt()).to.equal(null);
      const [first, later] = [work(), work({ kind: "watch", dueAt: now + 5000 })];
      await owe([first, later]);
      expect(await store.nextDueAt()).to.equal(now);
      await claim(first);
      expect(await store.nextDueAt()).to.equal(now + leaseMs);
      await owe([later], 1);
      expect(await store.nextDueAt()).to.equal(now + 5000);
    });
  });

  describe("a claim", () => {
    it("gives the work to its owner with the attempt counted, and hides it while the lease runs", async () => {
      await owe([work()]);
      const claimed = { ...work(), attempt: 1, claimedBy: "one", leaseUntil: now + leaseMs, lastError: null };
      expect(await claim(work())).to.deep.equal(claimed);
      expect(await dueIds(now + leaseMs - 1)).to.deep.equal([]);
    });

    it("is refused for work that is not owed, not due, or claimed, be it by the same owner", async () => {
      const later = work({ kind: "watch", dueAt: now + 1 });
      await owe([work(), later]);
      expect(await claim(work({ of: "unknown" }))).to.equal(null);
      expect(await claim(later)).to.equal(null);
      await claim(work());
      expect(await claim(work(), "two")).to.equal(null);
      expect(await claim(work(), "one")).to.equal(null);
    });

    it("never goes to two of many who ask at once", async () => {
      await owe([work()]);
      const owners = Array.from({ length: 25 }, (_, n) => `owner-${n}`);
      const claims = await Promise.all(owners.map((owner) => claim(work(), owner)));
      const won = claims.filter((claimed) => claimed !== null);
      expect(won).to.have.length(1);
      expect((await current().owedWork(key))[0]).to.deep.equal(won[0]);
    });

    it("ends with its lease: the work is due again and the next claim is another attempt", async () => {
      await owe([work()]);
      await claim(work(), "dead");
      expect(await dueIds(now + leaseMs)).to.deep.equal([work().id]);
      const claimed = await claim(work(), "two", now + leaseMs);
      expect(claimed).to.include({ attempt: 2, claimedBy: "two" });
      const renewal = { id: work().id, owner: "dead", attempt: 1, now: now + leaseMs, leaseMs };
      expect(await current().renewClaim(renewal)).to.equal(false);
    });

    it("is extended by its owner, also late when nobody took the work meanwhile", async () => {
      const store = current();
      await owe([work()]);
      await claim(work());
      const renew = (owner: string, at: number) =>
        store.renewClaim({ id: work().id, owner, attempt: 1, now: at, leaseMs });
      expect(await renew("one", now + 900)).to.equal(true);
      expect(await dueIds(now + leaseMs)).to.deep.equal([]);
      expect(await renew("two", now + 950)).to.equal(false);
      expect(await renew("one", now + 5000)).to.equal(true);
      expect((await store.owedWork(key))[0]).to.include({ attempt: 1, leaseUntil: now + 6000 });
    });

    it("given back makes the work due at the time that was named, with the error", async () => {
      await owe([work()]);
      await claim(work());
      const back = { id: work().id, owner: "one", attempt: 1, dueAt: now + 300, error: "the API was away" };
      await current().releaseClaim(back);
      const released = {
        claimedBy: null,
        leaseUntil: null,
        lastError: back.error,
        dueAt: now + 300,
        attempt: 1,
      };
      expect((await current().owedWork(key))[0]).to.include(released);
      expect(await dueIds(now + 299)).to.deep.equal([]);
      expect(await claim(work(), "two", now + 300)).to.include({ attempt: 2 });
    });

    it("is not given back by who does not hold it any more", async () => {
      await owe([work()]);
      await claim(work(), "dead");
      await claim(work(), "two", now + leaseMs);
      await current().releaseClaim({ id: work().id, owner: "dead", attempt: 1, dueAt: now, error: "late" });
      const left = (await current().owedWork(key))[0];
      expect(left).to.include({ claimedBy: "two", leaseUntil: now + 2 * leaseMs, lastError: null });
    });

    it("is one attempt's: an earlier one of the same owner neither extends it nor gives it back", async () => {
      const store = current();
      await owe([work()]);
      await claim(work(), "one");
      const later = await claim(work(), "one", now + leaseMs);
      const earlier = { id: work().id, owner: "one", attempt: 1 };
      expect(await store.renewClaim({ ...earlier, now: now + leaseMs, leaseMs: 1 })).to.equal(false);
      await store.releaseClaim({ ...earlier, dueAt: now, error: "late" });
      expect(await store.owedWork(key)).to.deep.equal([later]);
      const mine = { ...earlier, attempt: 2 };
      expect(await store.renewClaim({ ...mine, now: now + leaseMs + 1, leaseMs })).to.equal(true);
      await store.releaseClaim({ ...mine, dueAt: now, error: null });
      expect((await store.owedWork(key))[0]).to.include({ claimedBy: null, attempt: 2 });
    });

    it("given back after its service owes the same work still keeps the later due time", async () => {
      await owe([work()]);
      await claim(work());
      await current().releaseClaim({
        id: work().id,
        owner: "one",
        attempt: 1,
        dueAt: now + 300,
        error: "away",
      });
      await owe([work()], 1);
      expect((await current().owedWork(key))[0]).to.include({
        dueAt: now + 300,
        attempt: 1,
        lastError: "away",
      });
    });
  });

  describe("a claim with a commit", () => {
    const [first, second] = [work(), work({ kind: "watch" })];
    const wish = (...ids: readonly string[]) => ({ ids, owner: "one", now, leaseMs });
    const commit = (changes: Partial<Commit>) => current().commit(commitOf({ events: [], ...changes }));

    it("takes the first of the wish that may be claimed, as any claim would", async () => {
      const later = work({ kind: "tidy", dueAt: now + 1 });
      const claim = wish("unknown", later.id, second.id, first.id);
      const result = await commit({ owed: [first, second, later], claim });
      const claimed = { ...second, attempt: 1, claimedBy: "one", leaseUntil: now + leaseMs, lastError: null };
      expect(result).to.deep.equal({ outcome: "committed", version: 1, claimed });
      expect(await current().owedWork(key)).to.deep.include.members([claimed, { ...first, ...fresh }]);
      expect(await current().claimWork({ id: second.id, owner: "two", now, leaseMs })).to.equal(null);
    });

    it("takes nothing that somebody alive has, or whose lane is taken", async () => {
      const move = work({ kind: "move-traffic", lane: "traffic" });
      const restore = work({ kind: "restore-stable", lane: "traffic" });
      await owe([first, move, restore]);
      await claim(first, "two");
      await claim(move, "two");
      const result = await commit({
        expectedVersion: 1,
        owed: [first, move, restore],
        claim: wish(first.id, restore.id),
      });
      expect(result).to.deep.equal({ outcome: "committed", version: 2 });
    });

    it("takes the lane that the same commit sets free", async () => {
      const move = work({ kind: "move-traffic", lane: "traffic" });
      const restore = work({ kind: "restore-stable", lane: "traffic" });
      await owe([move]);
      await claim(move);
      const result = await commit({ expectedVersion: 1, owed: [restore], claim: wish(restore.id) });
      expect(result).to.have.deep.nested.property("claimed.id", restore.id);
    });

    it("takes nothing when nothing is committed", async () => {
      await owe([first]);
      expect(await commit({ owed: [first], claim: wish(first.id) })).to.deep.equal({ outcome: "conflict" });
      expect(await claim(first, "two")).to.include({ claimedBy: "two", attempt: 1 });
    });
  });

  describe("a lane", () => {
    const move = work({ kind: "move-traffic", lane: "traffic" });
    const restore = work({ kind: "restore-stable", lane: "traffic" });

    it("is held by one claim per service at a time", async () => {
      await owe([move, restore, work()]);
      expect(await claim(move)).to.not.equal(null);
      expect(await claim(restore, "two")).to.equal(null);
      expect(await claim(work(), "two")).to.not.equal(null);
      await current().releaseClaim({ id: move.id, owner: "one", attempt: 1, dueAt: now, error: null });
      expect(await claim(restore, "two")).to.not.equal(null);
    });

    it("is free again when the lease of its claim has ended or its work was dropped", async () => {
      await owe([move, restore]);
      await claim(move);
      expect(await claim(restore, "two", now + leaseMs)).to.not.equal(null);
      await owe([move], 1);
      expect(await claim(move, "three", now + leaseMs)).to.not.equal(null);
    });

    it("goes to one of many who ask at once", async () => {
      await owe([move, restore]);
      const asked = Array.from({ length: 20 }, (_, n) => claim(n % 2 === 0 ? move : restore, `owner-${n}`));
      expect((await Promise.all(asked)).filter((claimed) => claimed !== null)).to.have.length(1);
    });

    it("lost to another claim is not won back by a late renewal", async () => {
      await owe([move, restore]);
      await claim(move, "late");
      await claim(restore, "two", now + leaseMs);
      const renewal = { id: move.id, owner: "late", attempt: 1, now: now + leaseMs, leaseMs };
      expect(await current().renewClaim(renewal)).to.equal(false);
    });

    it("of one service does not bind another", async () => {
      const other = numberedService(2);
      const elsewhere = work({ kind: "move-traffic", lane: "traffic", service: other, of: "other" });
      await owe([move]);
      await current().commit(commitOf({ service: other, owed: [elsewhere] }));
      await claim(move);
      expect(await claim(elsewhere, "two")).to.not.equal(null);
    });
  });
}
