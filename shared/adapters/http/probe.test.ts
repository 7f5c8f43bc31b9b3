import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import type { ProbeAnswer, ProbeRequest } from "../../ports/probe.ts";
import { createHttpProbe } from "./probe.ts";

describe("createHttpProbe()", () => {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const probe = createHttpProbe();

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await Promise.all(servers.splice(0).map((s) => new Promise((done) => s.close(done))));
  });

  async function listen(server: Server): Promise<string> {
    servers.push(server);
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined).resume();
      socket.on("close", () => sockets.delete(socket));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const serve = (listener: RequestListener): Promise<string> => listen(createHttpServer(listener));
  const serveRaw = (onConnect: (socket: Socket) => void): Promise<string> =>
    listen(createTcpServer(onConnect));

  const ask = (url: string, more: Partial<ProbeRequest> = {}): Promise<ProbeAnswer> =>
    probe.request({
      url,
      method: "GET",
      headers: {},
      body: null,
      timeoutMs: 2_000,
      maxBytes: 65_536,
      signal: new AbortController().signal,
      ...more,
    });

  async function allSocketsClose(): Promise<void> {
    for (let i = 0; i < 50 && sockets.size > 0; i += 1) await new Promise((done) => setTimeout(done, 10));
    expect(sockets.size).to.equal(0);
  }

  const answered = (answer: ProbeAnswer): Extract<ProbeAnswer, { kind: "answer" }> => {
    if (answer.kind !== "answer") throw new Error(`expected an answer: ${JSON.stringify(answer)}`);
    return answer;
  };

  it("tells status, headers and body, and closes the connection", async () => {
    const url = await serve((_, response) => {
      response.writeHead(201, { "X-One": "1", "set-cookie": ["a=1", "b=2"] }).end("hello");
    });
    const answer = answered(await ask(`${url}/a?b=c`));
    expect(answer.status).to.equal(201);
    expect(answer.headers["x-one"]).to.equal("1");
    expect(answer.headers["set-cookie"]).to.equal("a=1, b=2");
    expect(answer.body).to.equal("hello");
    expect(answer.truncated).to.equal(false);
    await allSocketsClose();
  });

  it("sends method, path, headers and body as given", async () => {
    const url = await serve((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const { method, url: path, headers } = request;
        response.end(JSON.stringify({ method, path, type: headers["content-type"], body }));
      });
    });
    const answer = answered(
      await ask(`${url}/x?y=%20z`, { method: "POST", headers: { "Content-Type": "a/b" }, body: "ü" }),
    );
    expect(JSON.parse(answer.body)).to.deep.equal({
      method: "POST",
      path: "/x?y=%20z",
      type: "a/b",
      body: "ü",
    });
  });

  it("times out in phase headers when nothing is answered, and leaves no socket", async () => {
    const url = await serveRaw(() => undefined);
    const answer = await ask(url, { timeoutMs: 80 });
    expect(answer).to.deep.include({ kind: "timeout", phase: "headers" });
    expect(answer.durationMs).to.be.within(70, 1_000);
    await allSocketsClose();
  });

  it("times out in phase headers when headers drip for ever", async () => {
    const url = await serveRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const drip = setInterval(() => socket.write("x"), 10);
      socket.on("close", () => clearInterval(drip));
    });
    expect(await ask(url, { timeoutMs: 100 })).to.deep.include({ kind: "timeout", phase: "headers" });
    await allSocketsClose();
  });

  it("times out in phase body when the body drips for ever, though every byte comes in time", async () => {
    const url = await serve((_, response) => {
      const drip = setInterval(() => response.write("x"), 10);
      response.on("close", () => clearInterval(drip));
    });
    expect(await ask(url, { timeoutMs: 100 })).to.deep.include({ kind: "timeout", phase: "body" });
    await allSocketsClose();
  });

  it("cuts an endless body at maxBytes and hangs up", async () => {
    const url = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384, "a")));
      };
      response.on("drain", more);
      more();
    });
    const answer = answered(await ask(url, { maxBytes: 1_000 }));
    expect(answer.truncated).to.equal(true);
    expect(answer.body).to.have.length(1_000);
    await allSocketsClose();
  });

  it("takes a body of exactly maxBytes whole", async () => {
    const url = await serve((_, response) => response.end("abcd"));
    expect(answered(await ask(url, { maxBytes: 4 }))).to.deep.include({ body: "abcd", truncated: false });
  });

  it("decompresses what is sent compressed without being asked", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync('{"a":1}'));
    });
    expect(answered(await ask(url)).body).to.equal('{"a":1}');
  });

  it("cuts a gzip bomb at maxBytes after decompression", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(gzipSync(Buffer.alloc(32 * 1024 * 1024)));
    });
    const before = process.memoryUsage().rss;
    const answer = answered(await ask(url, { maxBytes: 10_000 }));
    expect(answer.truncated).to.equal(true);
    expect(answer.body).to.have.length(10_000);
    expect(process.memoryUsage().rss - before).to.be.below(100 * 1024 * 1024);
    await allSocketsClose();
  });

  it("gives up an endless compressed body that unfolds to nothing", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.write(gzipSync("").subarray(0, 10));
      const emptyBlocks = Buffer.from("000000ffff".repeat(3_000), "hex");
      const more = (): void => {
        while (!response.destroyed && response.write(emptyBlocks));
      };
      response.on("drain", more);
      more();
    });
    expect(await ask(url)).to.deep.include({ kind: "error", message: "compressed body too large" });
    await allSocketsClose();
  });

  it("calls broken compressed data an error", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end("not gzip at all");
    });
    expect(await ask(url)).to.deep.include({
      kind: "error",
      message: "body is not valid compressed data (Z_DATA_ERROR)",
    });
  });

  it("takes a redirect as the answer that it is", async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      response.writeHead(302, { location: "/" }).end();
    });
    const answer = answered(await ask(url));
    expect(answer.status).to.equal(302);
    expect(answer.headers["location"]).to.equal("/");
    expect(asked).to.equal(1);
  });

  it("calls a reset connection, before headers or in the body, an error", async () => {
    const early = await serveRaw((socket) => socket.once("data", () => socket.resetAndDestroy()));
    expect(await ask(early)).to.deep.include({ kind: "error", message: "connection reset" });
    const late = await serve((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => response.socket?.destroy());
    });
    expect((await ask(late)).kind).to.equal("error");
  });

  it("calls a refused connection an error", async () => {
    const url = await serveRaw(() => undefined);
    await Promise.all(servers.splice(0).map((s) => new Promise((done) => s.close(done))));
    expect(await ask(url)).to.deep.include({ kind: "error", message: "connection refused" });
  });

  it("calls what is not HTTP an error", async () => {
    const url = await serveRaw((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"));
    const answer = await ask(url);
    expect(answer.kind === "error" && answer.message).to.match(/^not valid HTTP \(HPE_/);
    await allSocketsClose();
  });

  it("calls headers without end an error", async () => {
    const url = await serveRaw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nx-big: ${"x".repeat(200_000)}\r\n\r\n`);
    });
    expect(await ask(url)).to.deep.include({ kind: "error", message: "headers larger than 16 KiB" });
    await allSocketsClose();
  });

  it("calls a switch of protocols an error", async () => {
    const url = await serveRaw((socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
    });
    expect((await ask(url)).kind).to.equal("error");
    await allSocketsClose();
  });

  it("reports each answer of a flapping endpoint as it is", async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      response.writeHead(asked % 2 === 0 ? 500 : 200).end();
    });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) statuses.push(answered(await ask(url)).status);
    expect(statuses).to.deep.equal([200, 500, 200, 500]);
  });

  it("refuses schemes, credentials, framing headers and line breaks without asking anybody", async () => {
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      response.end();
    });
    const refused = await Promise.all([
      ask("file:///etc/passwd"),
      ask("not a url"),
      ask(url.replace("//", "//a:b@")),
      ask(url, { headers: { Host: "other.example" } }),
      ask(url, { headers: { "transfer-encoding": "chunked" } }),
      ask(url, { headers: { x: "a\r\nhost: other.example" } }),
      ask(url, { headers: { "x\r\ny": "a" } }),
      ask(url, { method: "GET / HTTP/1.1\r\nx: y" }),
    ]);
    expect(refused.map((answer) => answer.kind)).to.deep.equal(Array(8).fill("error"));
    expect(asked).to.equal(0);
  });

  it("is called off by its signal at once, before and during the request", async () => {
    const url = await serveRaw(() => undefined);
    const off = new AbortController();
    const pending = ask(url, { signal: off.signal });
    setTimeout(() => off.abort(), 30);
    const answer = await pending;
    expect(answer).to.deep.include({ kind: "error", message: "the probe was called off" });
    expect(answer.durationMs).to.be.below(1_000);
    expect(await ask(url, { signal: off.signal })).to.deep.include({ message: "the probe was called off" });
    await allSocketsClose();
  });

  it("adds the headers of the authorize hook, and lets the check's own win", async () => {
    const url = await serve((request, response) => response.end(JSON.stringify(request.headers)));
    const authorized = createHttpProbe({
      authorize: async (target) => ({ authorization: `Bearer for ${target}`, "x-b": "hook" }),
    });
    const answer = answered(
      await authorized.request({
        url: `${url}/`,
        method: "GET",
        headers: { "X-B": "check" },
        body: null,
        timeoutMs: 1_000,
        maxBytes: 10_000,
        signal: new AbortController().signal,
      }),
    );
    const headers: unknown = JSON.parse(answer.body);
    expect(headers).to.deep.include({ authorization: `Bearer for ${url}/`, "x-b": "check" });
  });

  it("calls a missing token an error and a hanging token source a timeout", async () => {
    const url = await serve((_, response) => response.end());
    const request: ProbeRequest = {
      url,
      method: "GET",
      headers: {},
      body: null,
      timeoutMs: 60,
      maxBytes: 10,
      signal: new AbortController().signal,
    };
    const failing = createHttpProbe({ authorize: () => Promise.reject(new Error("metadata server down")) });
    expect(await failing.request(request)).to.deep.include({
      message: "no identity token: metadata server down",
    });
    const hanging = createHttpProbe({ authorize: () => new Promise(() => undefined) });
    expect((await hanging.request(request)).kind).to.equal("timeout");
  });
});
