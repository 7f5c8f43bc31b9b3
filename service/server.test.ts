import { request } from "node:http";
import { connect } from "node:net";
import { expect } from "chai";
import { commitOf, releaseId, requested } from "../test/support/fixtures.ts";
import { asViewer, githubDelivery, serviceHarness } from "../test/support/service-harness.ts";
import { type RunningServer, startServer } from "./server.ts";

/** Reads the stream until `until` was seen, or to its end. */
async function readUntil(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  until: string | null,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  while (until === null || !text.includes(until)) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
  }
  return text;
}

const idsIn = (text: string): number[] =>
  [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));

describe("startServer()", () => {
  let harness: ReturnType<typeof serviceHarness>;
  let server: RunningServer;

  beforeEach(async () => {
    harness = serviceHarness();
    server = await startServer({ app: harness.app, host: "127.0.0.1", port: 0 });
  });
  afterEach(() => server.close());

  async function follow(after: string, headers: Record<string, string> = {}) {
    const answer = await fetch(`${server.url}/api/v1/events${after}`, {
      headers: { ...asViewer.headers, ...headers },
    });
    const reader = answer.body?.getReader();
    if (reader === undefined) throw new Error("no body");
    return { answer, reader };
  }

  const commit = (version: number) =>
    harness.commit(
      commitOf({
        expectedVersion: version,
        events: [requested({ ...requested().release, id: releaseId() })],
      }),
    );

  it("answers on the free port that it found", async () => {
    expect(server.url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${server.url}/healthz`)).status).to.equal(200);
  });

  it("rejects when the port is taken", async () => {
    const port = Number(new URL(server.url).port);
    const failed = await startServer({ app: harness.app, host: "127.0.0.1", port }).catch(
      (error: unknown) => error,
    );
    expect(failed).to.have.property("code", "EADDRINUSE");
  });

  it("streams every event once, first the missed ones, then those that come", async () => {
    await commit(0);
    await commit(1);
    const { answer, reader } = await follow("?after=0");
    expect(answer.headers.get("content-type")).to.equal("text/event-stream");
    expect(idsIn(await readUntil(reader, "id: 2\n"))).to.deep.equal([1, 2]);
    await commit(2);
    const text = await readUntil(reader, "id: 3\n");
    expect(idsIn(text)).to.deep.equal([3]);
    expect(text).to.include('"type":"release-requested"');
    await reader.cancel();
  });

  it("goes on after Last-Event-ID, and begins now when nothing is said", async () => {
    await commit(0);
    await commit(1);
    const again = await follow("?after=0", { "last-event-id": "1" });
    expect(idsIn(await readUntil(again.reader, "id: 2\n"))).to.deep.equal([2]);
    await again.reader.cancel();
    const fresh = await follow("");
    expect(await readUntil(fresh.reader, "from")).to.include(": from 2");
    await commit(2);
    expect(idsIn(await readUntil(fresh.reader, "id: 3\n"))).to.deep.equal([3]);
    await fresh.reader.cancel();
  });

  it("sends a comment when nothing happens for the heartbeat", async () => {
    const { reader } = await follow("?after=0");
    await readUntil(reader, "from 0");
    await harness.clock.advance(15_000);
    expect(await readUntil(reader, "still here")).to.include(": still here");
    await reader.cancel();
  });

  it("ends event streams when it closes, and closes at once", async () => {
    const { reader } = await follow("?after=0");
    await readUntil(reader, "from 0");
    const startedAt = Date.now();
    await server.close();
    expect(await readUntil(reader, null)).to.not.include("error");
    expect(Date.now() - startedAt).to.be.below(1_000);
    expect(harness.clock.sleeping).to.equal(0);
  });

  it("lets go of a stream whose reader went away", async () => {
    const { reader } = await follow("?after=0");
    await readUntil(reader, "from 0");
    await reader.cancel();
    for (let turn = 0; turn < 100 && harness.clock.sleeping > 0; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(harness.clock.sleeping).to.equal(0);
  });

  it("cuts a body over 1 MiB off while it still streams", async () => {
    const { status, sent } = await streamBody(`${server.url}/hooks/github`);
    expect(status).to.equal(413);
    expect(sent).to.be.below(8 * 1_048_576);
    expect(harness.requests).to.deep.equal([]);
  });

  it("refuses at once a body that announces itself as too large", async () => {
    const { body: _body, ...delivery } = githubDelivery({ event: "push", body: "{}" });
    const answer = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { ...delivery.headers, "content-length": "104857600" };
      const sent = request(`${server.url}/hooks/github`, { method: "POST", headers }, (response) => {
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.on("error", reject);
      sent.flushHeaders();
    });
    expect(answer).to.equal(413);
  });

  it("survives what is no HTTP at all", async () => {
    const { port, hostname } = new URL(server.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.end("\x16\x03\x01 nonsense\r\n\r\n"));
      socket.on("close", () => resolve());
      socket.resume();
    });
    expect((await fetch(`${server.url}/healthz`)).status).to.equal(200);
  });
});

describe("the event stream without a listener", () => {
  it("polls the store once for all followers, and not at all when there are none", async () => {
    const harness = serviceHarness({ onCommit: null });
    const { app, clock, store } = harness;
    const readers = await Promise.all(
      [1, 2].map(async () => {
        const answer = await app.request("/api/v1/events?after=0", asViewer);
        const reader = answer.body?.getReader();
        if (reader === undefined) throw new Error("no body");
        await readUntil(reader, "from 0");
        return reader;
      }),
    );
    let polls = 0;
    const lastPosition = store.lastPosition.bind(store);
    store.lastPosition = () => {
      polls += 1;
      return lastPosition();
    };
    await clock.advance(1_000);
    expect(polls).to.equal(2);
    await store.commit(commitOf());
    await clock.advance(500);
    for (const reader of readers) expect(idsIn(await readUntil(reader, "id: 1\n"))).to.deep.equal([1]);
    await Promise.all(readers.map((reader) => reader.cancel()));
    await clock.advance(1_000);
    polls = 0;
    await clock.advance(5_000);
    expect(polls).to.equal(0);
  });

  it("takes no more streams than it is told", async () => {
    const { app } = serviceHarness({ stream: { pollMs: 500, heartbeatMs: 15_000, maxStreams: 1 } });
    const first = await app.request("/api/v1/events", asViewer);
    expect((await app.request("/api/v1/events", asViewer)).status).to.equal(503);
    await first.body?.cancel();
    await new Promise((resolve) => setImmediate(resolve));
    const next = await app.request("/api/v1/events", asViewer);
    expect(next.status).to.equal(200);
    await next.body?.cancel();
  });
});

/** Sends 64 MiB in chunks without a length, and tells how much went out before the answer came. */
function streamBody(url: string): Promise<Readonly<{ status: number | undefined; sent: number }>> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let answered = false;
    const outgoing = request(url, { method: "POST" }, (response) => {
      answered = true;
      resolve({ status: response.statusCode, sent });
      outgoing.destroy();
    });
    outgoing.on("error", (error) => {
      if (!answered) reject(error);
    });
    const chunk = Buffer.alloc(65_536);
    const write = () => {
      if (answered || sent >= 64 * 1_048_576) return;
      sent += chunk.length;
      if (outgoing.write(chunk)) setImmediate(write);
      else outgoing.once("drain", write);
    };
    write();
  });
}
