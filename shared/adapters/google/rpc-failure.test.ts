import { expect } from "chai";
import { AppError } from "../../ports/app-error.ts";
import { readCall, writeCall } from "./api-call.ts";
import { appErrorOf, rpcFailureOf } from "./rpc-failure.ts";

const rpcError = (code: number, message: string, details?: string): Error =>
  Object.assign(new Error(message), { code, details });

const never = (): Promise<never> => new Promise(() => undefined);
const clock = { now: () => 0, sleep: async () => undefined };
const caller = { api: "run", clock, settings: { callTimeoutMs: 20, readAttempts: 3, retryMs: 1 } } as const;

function thrownBy(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => error,
  );
}

describe("rpcFailureOf()", () => {
  it("keeps the service's own text and leaves the client's prefix", () => {
    const quota = "Quota violated:\nNvidiaL4GpuAlloc requested: 4 allowed: 3";
    expect(rpcFailureOf(rpcError(3, `3 INVALID_ARGUMENT: ${quota}`, quota))?.message).to.equal(quota);
    expect(rpcFailureOf(rpcError(10, "10 ABORTED: Conflict for resource 'api'"))?.message).to.equal(
      "Conflict for resource 'api'",
    );
  });

  const codes: readonly [number, string, string, boolean][] = [
    [1, "unknown", "run-unavailable", true],
    [2, "unknown", "run-unavailable", true],
    [3, "refused", "run-refused", false],
    [4, "unknown", "run-unavailable", true],
    [5, "not-found", "run-refused", false],
    [6, "exists", "run-refused", false],
    [7, "denied", "run-denied", false],
    [8, "busy", "run-unavailable", true],
    [9, "refused", "run-refused", false],
    [10, "conflict", "run-unavailable", true],
    [12, "refused", "run-refused", false],
    [13, "unknown", "run-unavailable", true],
    [14, "unknown", "run-unavailable", true],
    [16, "denied", "run-denied", false],
  ];
  for (const [code, kind, appCode, transient] of codes)
    it(`reads gRPC code ${code} as ${kind}, ${transient ? "which may pass" : "which is for good"}`, () => {
      const failure = rpcFailureOf(rpcError(code, "why"));
      if (failure === null) throw new Error("no failure");
      expect(failure.kind).to.equal(kind);
      const error = appErrorOf({ api: "run", failure, doing: "move" });
      expect(error).to.include({ code: appCode, transient, message: "could not move: why" });
    });

  it("takes a missing identity for a denial, and a bug for a bug", () => {
    expect(rpcFailureOf(new Error("Could not load the default credentials."))?.kind).to.equal("denied");
    expect(rpcFailureOf(new TypeError("x is not a function"))).to.equal(null);
    expect(rpcFailureOf(Object.assign(new Error("no such file"), { code: "ENOENT" }))).to.equal(null);
    expect(rpcFailureOf("text")).to.equal(null);
  });
});

describe("calls to Google's APIs", () => {
  it("end at their deadline when no answer ever comes, reads after their tries and writes at once", async () => {
    const read = await thrownBy(readCall(caller, { doing: "read", send: never }));
    expect(read).to.be.instanceOf(AppError).and.include({ code: "run-unavailable", transient: true });
    expect(await writeCall(caller, { doing: "write", send: never })).to.deep.include({
      ok: false,
      kind: "unknown",
    });
  });

  it("try a read again while it may pass, and a write never", async () => {
    let calls = 0;
    const flaky = async (): Promise<number> => {
      calls += 1;
      if (calls < 3) throw rpcError(14, "14 UNAVAILABLE: down");
      return calls;
    };
    expect(await readCall(caller, { doing: "read", send: flaky })).to.equal(3);
    calls = 0;
    expect(await writeCall(caller, { doing: "write", send: flaky })).to.deep.equal({
      ok: false,
      kind: "unknown",
      message: "down",
    });
    expect(calls).to.equal(1);
  });

  it("tell what does not exist from what may not be seen", async () => {
    const answering = (code: number) => ({ doing: "read", send: () => Promise.reject(rpcError(code, "no")) });
    expect(await readCall(caller, answering(5))).to.equal(null);
    expect(await thrownBy(readCall(caller, answering(7)))).to.include({
      code: "run-denied",
      transient: false,
    });
    expect(await thrownBy(writeCall(caller, answering(7)))).to.include({
      code: "run-denied",
      transient: false,
    });
    expect(await thrownBy(writeCall(caller, answering(8)))).to.include({
      code: "run-unavailable",
      transient: true,
    });
  });

  it("let a bug through as it is", async () => {
    const bug = { doing: "read", send: () => Promise.reject(new TypeError("x is not a function")) };
    expect(await thrownBy(readCall(caller, bug))).to.be.instanceOf(TypeError);
    expect(await thrownBy(writeCall(caller, bug))).to.be.instanceOf(TypeError);
  });
});
