import { expect } from "chai";
import { onDemand } from "./client-on-demand.ts";

/** Counts what it made and closed; fails at first as often as told. */
function maker(failures = 0) {
  const counts = { opened: 0, closed: 0 };
  const open = async () => {
    counts.opened += 1;
    if (counts.opened <= failures) throw new Error("no credentials yet");
    const close = async () => {
      counts.closed += 1;
    };
    return { number: counts.opened, close };
  };
  return { counts, connection: onDemand(open) };
}

describe("a client on demand", () => {
  it("is made once by many calls at once, and not before", async () => {
    const { counts, connection } = maker();
    expect(counts.opened).to.equal(0);
    const [one, other] = await Promise.all([connection.client(), connection.client()]);
    expect(one).to.equal(other);
    expect(counts.opened).to.equal(1);
  });

  it("is made anew after it was closed, and closes nothing that was never made", async () => {
    const { counts, connection } = maker();
    await connection.close();
    expect(counts).to.deep.equal({ opened: 0, closed: 0 });
    await connection.client();
    await connection.close();
    expect((await connection.client()).number).to.equal(2);
    expect(counts).to.deep.equal({ opened: 2, closed: 1 });
  });

  it("is tried again after it could not be made", async () => {
    const { connection } = maker(1);
    const failed = await connection.client().catch((error: unknown) => String(error));
    expect(failed).to.contain("no credentials yet");
    expect((await connection.client()).number).to.equal(2);
  });

  it("is closed without complaint when it could not be made", async () => {
    const { counts, connection } = maker(1);
    const failing = connection.client().catch(() => null);
    await connection.close();
    expect(await failing).to.equal(null);
    expect(counts.closed).to.equal(0);
  });
});
