import { expect } from "chai";
import { functionHarness } from "../../test/support/function-harness.ts";
import { settle } from "../../test/support/manual-clock.ts";
import { AppError } from "../ports/app-error.ts";
import { waitOut } from "./wait-out.ts";

const away = new AppError({ code: "source-unavailable", message: "502", transient: true });

describe("waitOut()", () => {
  it("asks again until it is answered", async () => {
    const { deps, finished } = functionHarness();
    let failures = 4;
    const answer = await finished(
      waitOut(deps, async () => {
        failures -= 1;
        if (failures >= 0) throw away;
        return "here";
      }),
    );
    expect(answer).to.equal("here");
    expect(deps.running.count).to.equal(0);
  });

  it("throws what cannot pass at once", async () => {
    const { deps, clock } = functionHarness();
    const began = clock.now();
    const error = await waitOut(deps, () => Promise.reject(new Error("a bug"))).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.have.property("message", "a bug");
    expect(clock.now()).to.equal(began);
  });

  it("gives up after five minutes, so that the message is delivered again", async () => {
    const { deps, clock, finished } = functionHarness();
    const began = clock.now();
    let tries = 0;
    const error = await finished(
      waitOut(deps, () => {
        tries += 1;
        return Promise.reject(away);
      }),
    ).catch((thrown: unknown) => thrown);
    expect(error).to.equal(away);
    expect(clock.now() - began).to.be.within(280_000, 310_000);
    expect(tries).to.be.within(20, 30);
  });

  it("waits no less than it is asked to, and throws at once what asks for more than the patience that is left", async () => {
    const { deps, clock, finished } = functionHarness();
    const limitedFor = (retryAfterMs: number) =>
      new AppError({
        code: "source-unavailable",
        message: "limit",
        transient: true,
        context: { retryAfterMs },
      });
    const began = clock.now();
    const [short, long] = [limitedFor(60_000), limitedFor(50 * 60_000)];
    const tries: number[] = [];
    const error = await finished(
      waitOut(deps, () => {
        tries.push(clock.now() - began);
        return Promise.reject(tries.length < 3 ? short : long);
      }),
    ).catch((thrown: unknown) => thrown);
    expect(error).to.equal(long);
    expect(tries).to.deep.equal([0, 60_000, 120_000]);
    expect(deps.running.count).to.equal(0);
  });

  it("ends at once when the process stops", async () => {
    const { deps, clock } = functionHarness();
    const waiting = waitOut(deps, () => Promise.reject(away)).catch((thrown: unknown) => thrown);
    await settle();
    expect(clock.sleeping).to.equal(1);
    deps.running.stopAll();
    expect(await waiting).to.equal(away);
    expect(clock.sleeping).to.equal(0);
  });
});
