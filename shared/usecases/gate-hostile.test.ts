import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { FakeCandidate, httpCheck, verifyConfig } from "../../test/support/fake-candidate.ts";
import { fakeLogs, fakeMetrics } from "../../test/support/watched-cloud.ts";
import { createHttpProbe } from "../adapters/http/probe.ts";
import type { HttpCheck } from "../domain/release-config.ts";
import type { Clock } from "../ports/system.ts";
import { runGate } from "./gate.ts";
import { watchSlice } from "./watch.ts";

const clock: Clock = {
  now: () => Date.now(),
  sleep: ({ ms, signal }) => wait(Math.min(ms, 20), undefined, { signal }).catch(() => undefined),
};

describe("the gate and the watch against a hostile server", () => {
  let server: Server | null = null;

  afterEach(async () => {
    const running = server;
    server = null;
    running?.closeAllConnections();
    if (running !== null) await new Promise((done) => running.close(done));
  });

  async function judged(listener: RequestListener, check: Partial<HttpCheck> = {}): Promise<string[]> {
    const running = createServer(listener);
    server = running;
    await new Promise<void>((done) => running.listen(0, "127.0.0.1", done));
    const world = new FakeCandidate(() => "reset");
    const url = `http://127.0.0.1:${(running.address() as AddressInfo).port}`;
    const pair = { ...world.pair, candidate: { ...world.pair.candidate, url } };
    world.revision = { ...world.revision!, firstStart: { from: 0, to: 1 } };
    const { run, service } = world;
    const signal = new AbortController().signal;
    const probe = createHttpProbe();
    const seen = { metrics: fakeMetrics(), logs: fakeLogs(), learntMs: [] };
    const verify = verifyConfig({
      withinMs: 3_000,
      coldStart: { withinMs: 300, expectMs: null },
      checks: [httpCheck({ withinMs: 100, ...check })],
    });
    const gate = await runGate({ ...seen, run, probe, clock, service, pair, config: verify, signal });
    const watch = { everyMs: 50, maxErrorShare: 0.01, latencyP95Ms: null, latencyIncrease: null };
    const { stable, candidate } = pair;
    const expected = [{ revision: stable ?? candidate.revision, percent: 100 }];
    const slice = { run, probe, clock, service, pair, verify, watch, expected, forMs: 400, signal };
    const watched = await watchSlice(slice);
    return [gate.verdict, watched.verdict];
  }

  let turn = 0;
  const drip: RequestListener = (_, response) => {
    const dripping = setInterval(() => response.write("x"), 10);
    response.on("close", () => clearInterval(dripping));
  };
  const bomb: RequestListener = (_, response) => {
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(8 * 1024 * 1024)));
  };
  const flap: RequestListener = (_, response) => {
    turn += 1;
    response.writeHead(turn % 2 === 0 ? 500 : 200).end();
  };

  const hostile: readonly [string, RequestListener, Partial<HttpCheck>][] = [
    ["hangs", () => undefined, {}],
    ["drips", drip, {}],
    ["resets", (request) => request.socket.resetAndDestroy(), {}],
    ["redirects in a circle", (_, response) => response.writeHead(302, { location: "/" }).end(), {}],
    ["sends a bomb where JSON is asked for", bomb, { json: { ok: true }, withinMs: 1_000 }],
    ["flaps", flap, {}],
  ];
  for (const [name, listener, check] of hostile) {
    it(`fails one that ${name}, at the gate and under watch`, async () => {
      const began = Date.now();
      expect(await judged(listener, check)).to.deep.equal(["fail", "fail"]);
      expect(Date.now() - began).to.be.below(4_000);
    });
  }

  it("passes one that is good, at the gate and under watch", async () => {
    expect(await judged((_, response) => response.end("ok"), { withinMs: 2_000 })).to.deep.equal([
      "pass",
      "pass",
    ]);
  });
});
