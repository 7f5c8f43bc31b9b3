import { expect } from "chai";
import { monday, person } from "../../test/support/fixtures.ts";
import { functionHarness } from "../../test/support/function-harness.ts";
import {
  deployedRelease,
  deploying,
  firstRelease,
  runAway,
  theWork,
  withStore,
} from "../../test/support/function-story.ts";
import { settle } from "../../test/support/manual-clock.ts";
import { AppError } from "../ports/app-error.ts";
import { createDesk } from "./gantry-desk.ts";
import { workOn } from "./run-work.ts";

describe("workOn()", () => {
  it("tries transient errors again, each time after twice the wait", async () => {
    const harness = await deploying();
    const waits: number[] = [];
    for (let attempt = 1; attempt < 5; attempt += 1) {
      const work = await theWork(harness);
      expect(work).to.include({ kind: "deploy-candidate", attempt, lastError: "503", claimedBy: null });
      waits.push((work?.dueAt ?? 0) - harness.clock.now());
      await harness.clock.advance(waits.at(-1) ?? 0);
      await harness.finished(workOn(harness.deps, "deploy", harness.world.service));
    }
    expect(waits).to.deep.equal([250, 500, 1000, 2000]);
  });

  it("has the clock set anew when work is to be tried sooner than its claim would have ended", async () => {
    const harness = await deploying();
    const dueAt: (number | null)[] = [];
    const looks: Promise<unknown>[] = [];
    const onCommit = () => void looks.push(harness.deps.store.nextDueAt().then((at) => dueAt.push(at)));
    await harness.clock.advance(250);
    await harness.finished(workOn({ ...harness.deps, onCommit }, "deploy", harness.world.service));
    await Promise.all(looks);
    expect(dueAt.at(-1)).to.equal(harness.clock.now() + 500);
  });

  it("gives work up after its attempts, and says why the release failed", async () => {
    const harness = await deploying();
    for (let attempt = 1; attempt < 5; attempt += 1) {
      await harness.clock.advance(15_000);
      await harness.finished(workOn(harness.deps, "deploy", harness.world.service));
    }
    expect((await harness.deps.store.release(firstRelease))?.failure).to.deep.equal({
      code: "deploy-unfinished",
      message: "503",
    });
  });

  it("gives work up at once when the error cannot pass", async () => {
    const harness = await deploying();
    harness.world.deploy = () =>
      Promise.reject(new AppError({ code: "run-denied", message: "403", transient: false }));
    await harness.clock.advance(1_000);
    await harness.finished(workOn(harness.deps, "deploy", harness.world.service));
    expect((await harness.deps.store.release(firstRelease))?.failure?.message).to.equal("403");
    expect(harness.lines.find(({ message }) => message === "Work failed and is given up")).to.include({
      kind: "deploy-candidate",
      attempt: 2,
    });
  });

  for (const [minutes, tries, why] of [
    [10, 9, "for an hour and a half in all"],
    [1, 19, "for twenty tries"],
  ] as const)
    it(`waits for as long as an error asks, beyond its usual tries, ${why}`, async () => {
      const harness = await deploying();
      const asked = { context: { retryAfterMs: minutes * 60_000 }, transient: true };
      const limited = new AppError({ ...asked, code: "source-unavailable", message: "429" });
      harness.world.deploy = () => Promise.reject(limited);
      const waits: number[] = [];
      for (
        let work = await theWork(harness);
        work?.kind === "deploy-candidate";
        work = await theWork(harness)
      ) {
        waits.push((work.dueAt - harness.clock.now()) / 60_000);
        await harness.clock.advance(work.dueAt - harness.clock.now());
        await harness.finished(workOn(harness.deps, "deploy", harness.world.service));
      }
      expect(waits.slice(1)).to.deep.equal(Array(tries - 1).fill(minutes));
      expect((await harness.deps.store.release(firstRelease))?.failure?.message).to.equal("429");
    });

  it("never gives tidying up, and waits at most as long as the settings say", async () => {
    const harness = await deploying();
    harness.world.remove = () => Promise.reject(new Error("a bug"));
    await createDesk(harness.deps).cancel({ releaseId: firstRelease, by: person, reason: "" });
    for (let turn = 0; turn < 9; turn += 1) {
      await harness.finished(workOn(harness.deps, "rollback", harness.world.service));
      await harness.clock.advance(15_000);
    }
    const work = await theWork(harness);
    expect(work).to.include({ kind: "tidy", attempt: 9, lastError: "a bug" });
    harness.world.remove = async () => undefined;
    await harness.finished(workOn(harness.deps, "rollback", harness.world.service));
    expect(await theWork(harness)).to.equal(undefined);
  });

  it("leaves work alone that is not due, not its stage's, or claimed", async () => {
    const harness = await deploying();
    const { deps, world, clock } = harness;
    let deploys = 0;
    world.deploy = () => {
      deploys += 1;
      return Promise.reject(runAway());
    };
    await workOn(deps, "deploy", world.service);
    await clock.advance(1_000);
    await workOn(deps, "rollout", world.service);
    const id = (await theWork(harness))?.id ?? "";
    await deps.store.claimWork({ id, owner: "other", now: clock.now(), leaseMs: 60_000 });
    await workOn(deps, "deploy", world.service);
    expect(deploys).to.equal(0);
  });

  it("calls work off at once when a decision ends what is owed", async () => {
    const harness = await deploying();
    const { deps, world, clock } = harness;
    await clock.advance(1_000);
    let called = 0;
    world.remove = (signal) => {
      called += signal.aborted ? 0 : 1;
      return Promise.resolve();
    };
    let fail: (error: Error) => void = () => undefined;
    world.deploy = () => new Promise((_, reject) => (fail = reject));
    const working = workOn(deps, "deploy", world.service);
    await settle();
    expect(deps.running.count).to.equal(1);
    await createDesk(deps).cancel({ releaseId: firstRelease, by: person, reason: "" });
    fail(new Error("called off before it was done"));
    await harness.finished(working);
    expect(await harness.events(firstRelease)).to.include.members(["release-cancelled", "leftovers-found"]);
    expect(called).to.equal(1);
    expect(await theWork(harness)).to.equal(undefined);
  });

  it("tidies up again when a write lands after the tidying up", async () => {
    const harness = await deploying();
    const { deps, world, clock } = harness;
    await clock.advance(1_000);
    let fail: (error: Error) => void = () => undefined;
    world.deploy = () => new Promise((_, reject) => (fail = reject));
    const working = workOn(deps, "deploy", world.service);
    await settle();
    await createDesk(deps).cancel({ releaseId: firstRelease, by: person, reason: "" });
    await harness.finished(workOn(deps, "rollback", world.service));
    expect(world.removed).to.have.length(1);
    expect(await theWork(harness)).to.equal(undefined);
    fail(new Error("called off before it was done"));
    await harness.finished(working);
    expect(world.removed).to.have.length(2);
    expect(await theWork(harness)).to.equal(undefined);
  });

  it("keeps its claim for as long as the work takes", async () => {
    const harness = await deploying();
    const { deps, world, clock } = harness;
    await clock.advance(1_000);
    world.deploy = async () => {
      await clock.sleep({ ms: 100_000, signal: new AbortController().signal });
      return { outcome: "ready", candidate: world.candidate, stable: world.stable };
    };
    const working = workOn(deps, "deploy", world.service);
    await clock.advance(95_000);
    expect((await theWork(harness))?.leaseUntil).to.be.greaterThan(clock.now());
    await harness.finished(working);
    expect((await harness.state()).active).to.include({ status: "verifying" });
    expect(clock.sleeping).to.equal(0);
  });

  it("stops when somebody else has the claim", async () => {
    const harness = await deploying();
    const { world, clock } = harness;
    await clock.advance(1_000);
    const deps = withStore(harness, { renewClaim: async () => false });
    world.deploy = () => new Promise((_, reject) => rejectWith.push(reject));
    const rejectWith: ((error: Error) => void)[] = [];
    const working = workOn(deps, "deploy", world.service);
    const before = await theWork(harness);
    await clock.advance(10_000);
    for (const reject of rejectWith) reject(new Error("called off"));
    await harness.finished(working);
    expect((await harness.state()).active).to.include({ status: "deploying" });
    expect((await theWork(harness))?.id).to.equal(before?.id);
  });

  it("stops before it does another thing when it stood still for longer than its lease", async () => {
    const harness = await deploying();
    const { deps, world, clock } = harness;
    await clock.advance(1_000);
    const signals: AbortSignal[] = [];
    const run = {
      ...deps.run,
      deployCandidate: async ({ signal }: Parameters<typeof deps.run.deployCandidate>[0]) => {
        signals.push(signal);
        await clock.sleep({ ms: 5_000, signal: new AbortController().signal });
        throw runAway();
      },
    };
    let skewMs = 0;
    const late = { now: () => clock.now() + skewMs, sleep: clock.sleep.bind(clock) };
    const renewals: number[] = [];
    const paused = {
      ...withStore(harness, {
        renewClaim: async ({ now }) => {
          renewals.push(now);
          return true;
        },
      }),
      run,
      clock: late,
    };
    const working = workOn(paused, "deploy", world.service);
    await settle();
    skewMs = 40_000;
    await clock.advance(5_000);
    await harness.finished(working);
    expect(renewals).to.deep.equal([]);
    expect(signals).to.have.length(1);
  });

  it("goes on when the store cannot be asked for the claim for a moment", async () => {
    const harness = await deploying();
    const { world, clock } = harness;
    await clock.advance(1_000);
    let failures = 1;
    const { store } = harness.deps;
    const deps = withStore(harness, {
      renewClaim: (params) => {
        failures -= 1;
        return failures >= 0 ? Promise.reject(new Error("locked")) : store.renewClaim(params);
      },
    });
    world.deploy = async () => {
      await clock.sleep({ ms: 25_000, signal: new AbortController().signal });
      return { outcome: "ready", candidate: world.candidate, stable: world.stable };
    };
    await harness.finished(workOn(deps, "deploy", world.service));
    expect((await harness.state()).active).to.include({ status: "verifying" });
    expect(harness.lines.map(({ message }) => message)).to.include(
      "Could not renew a claim; trying again at the next beat",
    );
  });

  it("decides anew when somebody committed in between, and gives up asking in the end", async () => {
    const harness = await deploying();
    const { store } = harness.deps;
    const at = harness.clock.now();
    let conflicts = 3;
    const deps = withStore(harness, {
      commit: (commit) => {
        conflicts -= 1;
        return conflicts >= 0 ? Promise.resolve({ outcome: "conflict" }) : store.commit(commit);
      },
    });
    const answer = await createDesk(deps).cancel({ releaseId: firstRelease, by: person, reason: "" });
    expect(answer).to.include({ ok: true, status: "cancelled" });
    const never = withStore(harness, { commit: async () => ({ outcome: "conflict" }) });
    const error = await createDesk(never)
      .rollBack({ service: harness.world.service, to: harness.world.stable, by: person, reason: "" })
      .catch((thrown: unknown) => thrown);
    expect(at).to.be.greaterThan(monday);
    expect(error).to.deep.include({ ok: false, code: "nothing-to-roll-back-to" });
  });

  it("throws what may pass when every try to commit meets a conflict", async () => {
    const harness = functionHarness();
    await deployedRelease(harness);
    const deps = withStore(harness, { commit: async () => ({ outcome: "conflict" }) });
    const error = await createDesk(deps)
      .cancel({ releaseId: firstRelease, by: person, reason: "" })
      .catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "store-contended", transient: true });
    expect(error)
      .to.have.property("message")
      .that.matches(/changed under every one of 20 tries to decide cancel\.$/);
  });

  it("says so when the config of a running release is not in the store", async () => {
    const harness = functionHarness();
    await deployedRelease(harness);
    const deps = withStore(harness, { config: async () => null });
    await harness.finished(workOn(deps, "verify", harness.world.service));
    expect((await harness.deps.store.release(firstRelease))?.failure?.message).to.match(
      /^The config .* of a running release is not in the store\.$/,
    );
  });
});
