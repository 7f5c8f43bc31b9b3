import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { createLoggingAdapter, loggingSettings } from "../../shared/adapters/logging/logging-adapter.ts";
import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { parseBuildId, type ServiceKey } from "../../shared/domain/ids.ts";
import type { Candidate } from "../../shared/domain/service-state.ts";
import { AppError } from "../../shared/ports/app-error.ts";
import type { LogLine, LogsPort, Severity } from "../../shared/ports/logs.ts";
import { WatchedRun } from "../support/watched-run.ts";

const settings = { ...loggingSettings, callTimeoutMs: 2_000, retryMs: 5 };
const { signal } = new AbortController();
const build = parseBuildId("build-1")!;

const words = (lines: readonly LogLine[]): string[] =>
  lines.map(({ severity, text }) => `${severity} ${text}`);

describe("Cloud Logging, asked over REST at the local cloud", () => {
  let world: WatchedRun;
  let logs: LogsPort;
  let service: ServiceKey;
  let candidate: Candidate;

  before(async () => {
    world = await WatchedRun.start();
    logs = adapter(world.logging.url);
    ({ service, candidate } = await world.serve(false));
  });
  afterEach(() => {
    world.logging.faults.clear();
    world.monitoring.faults.clear();
  });
  after(() => world.close());

  function adapter(baseUrl: string, changes: Partial<typeof settings> = {}): LogsPort {
    return createLoggingAdapter({
      baseUrl,
      token: null,
      clock: systemClock,
      settings: { ...settings, ...changes },
    });
  }

  function revisionLog(
    atLeast: Severity,
    changes: Readonly<{ from?: number; limit?: number }> = {},
    port = logs,
  ) {
    const { revision } = candidate;
    return port.revisionLog({ service, revision, from: 0, limit: 100, atLeast, signal, ...changes });
  }

  async function failure(call: Promise<unknown>): Promise<string> {
    return call.then(
      () => "no failure",
      (error: unknown) =>
        error instanceof AppError ? `${error.code} ${error.transient}: ${error.message}` : String(error),
    );
  }

  it("reads what a revision wrote, by the severity of its JSON lines", async () => {
    const all = words(await revisionLog("DEFAULT"));
    expect(all).to.include.members(["INFO loading", "ERROR weights are old", "DEFAULT plain words"]);
    expect(all.filter((line) => line.startsWith("INFO STARTUP TCP probe succeeded"))).to.have.length(1);
    expect(words(await revisionLog("ERROR"))).to.deep.equal(["ERROR weights are old"]);
  });

  it("reads the first lines since a time, oldest first", async () => {
    const all = await revisionLog("DEFAULT");
    const times = all.map(({ at }) => at);
    expect(times).to.deep.equal([...times].sort((left, right) => left - right));
    expect(await revisionLog("DEFAULT", { limit: 2 })).to.deep.equal(all.slice(0, 2));
    expect(await revisionLog("DEFAULT", { from: Date.now() + 1_000 })).to.deep.equal([]);
  });

  it("reads the last lines of a build, oldest first, over several pages", async () => {
    const asked = { service, build, signal };
    const small = adapter(world.logging.url, { pageSize: 2 });
    for (const port of [logs, small]) {
      expect(words(await port.buildLog({ ...asked, limit: 3 }))).to.deep.equal([
        "INFO line 3",
        "INFO line 4",
        "INFO line 5",
      ]);
      expect(await port.buildLog({ ...asked, limit: 50 })).to.have.length(5);
    }
    expect(await logs.buildLog({ ...asked, build: parseBuildId("build-2")!, limit: 3 })).to.deep.equal([]);
  });

  it("tries again when Cloud Logging is busy, and says when it stays away", async () => {
    const { faults } = world.logging;
    faults.set("logs-busy", { count: 2 });
    expect(await revisionLog("ERROR")).to.have.length(1);
    faults.set("logs-unavailable");
    expect(await failure(revisionLog("ERROR"))).to.match(
      /^logs-unavailable true: could not read the log of .*: The service is currently unavailable\.$/,
    );
  });

  it("switches its faults, and those of Cloud Monitoring, over HTTP", async () => {
    for (const [part, name] of [
      ["logging", "logs-busy"],
      ["monitoring", "memory-high"],
    ] as const) {
      const url = `${world.logging.url}/_cloud/${part}/faults`;
      const headers = { "content-type": "application/json" };
      const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify({ name }) });
      expect(answer.status).to.equal(200);
    }
  });

  it("ends with the signal", async () => {
    const off = new AbortController();
    const { revision } = candidate;
    const asked = { service, revision, from: 0, limit: 1, atLeast: "ERROR", signal: off.signal } as const;
    const going = failure(logs.revisionLog(asked));
    off.abort(new Error("superseded"));
    expect(await going).to.equal("Error: superseded");
  });

  for (const [body, status, message] of [
    [{ resourceNames: ["projects/p"], filter: "a=b OR c=d" }, 400, /Unparseable filter: OR/],
    [{ resourceNames: ["projects/p"], filter: "(a=b)" }, 400, /brackets/],
    [{ resourceNames: ["projects/p"], filter: "severity>=LOUD" }, 400, /no severity: LOUD/],
    [{ resourceNames: ["projects/p"], filter: 'timestamp>"noon"' }, 400, /no time: noon/],
    [{ resourceNames: ["projects/p"], filter: "hello" }, 400, /no comparison: hello/],
    [{ resourceNames: ["projects/p"], filter: 7 }, 400, /filter must be text/],
    [{ resourceNames: ["projects/p"], orderBy: "severity" }, 400, /order_by/],
    [{ resourceNames: ["projects/p"], pageToken: "x" }, 400, /page_token/],
    [{ resourceNames: [] }, 400, /resource_names/],
    [null, 400, /resource_names/],
  ] as const) {
    it(`refuses ${JSON.stringify(body)} as the real one does`, async () => {
      const answer = await fetch(`${world.logging.url}/v2/entries:list`, {
        method: "POST",
        body: JSON.stringify(body),
      });
      const { error } = (await answer.json()) as { error: { code: number; message: string; status: string } };
      expect([answer.status, error.code, error.status]).to.deep.equal([status, status, "INVALID_ARGUMENT"]);
      expect(error.message).to.match(message);
    });
  }

  it("knows the comparisons of the query language that need no brackets", async () => {
    const list = async (filter: string): Promise<number> => {
      const answer = await fetch(`${world.logging.url}/v2/entries:list`, {
        method: "POST",
        body: JSON.stringify({ resourceNames: ["projects/demo-project"], filter }),
      });
      const { entries = [] } = (await answer.json()) as { entries?: unknown[] };
      return entries.length;
    };
    const own = `resource.labels.revision_name="${candidate.revision}"`;
    const all = await list(own);
    expect(await list(`${own} AND NOT severity=ERROR`)).to.equal(all - 1);
    expect(await list(`${own} -severity=ERROR`)).to.equal(all - 1);
    expect(await list(`${own} severity!=ERROR`)).to.equal(all - 1);
    expect(await list(`${own} severity>INFO`)).to.equal(1);
    expect(await list(`${own} severity<INFO`)).to.equal(1);
    expect(await list(`${own} severity<=DEFAULT`)).to.equal(1);
    expect(await list(`${own} textPayload:"PLAIN"`)).to.equal(1);
    expect(await list(`${own} jsonPayload.model="base"`)).to.equal(1);
    expect(await list('resource.labels.project_id="other"')).to.equal(0);
  });
});

describe("The Cloud Logging adapter", () => {
  let answerWith: (request: IncomingMessage, response: ServerResponse) => void;
  const server = createServer((request, response) => answerWith(request, response));
  let logs: LogsPort;

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const token = async () => "ya29.secret";
    const quick = { ...settings, readAttempts: 2, maxBytes: 10_000 };
    logs = createLoggingAdapter({ baseUrl, token, clock: systemClock, settings: quick });
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function asked(limit = 10): Promise<readonly LogLine[] | string> {
    const service = "demo-project/us-central1/api" as ServiceKey;
    return logs
      .buildLog({ service, build, limit, signal })
      .catch((error: AppError) => `${error.code} ${error.transient} ${error.message}`);
  }

  it("sends its token, and reads entries whatever their payload", async () => {
    const entries = [
      { timestamp: "2026-01-05T09:00:01Z", severity: "NOTICE", jsonPayload: { a: 1 } },
      { timestamp: "2026-01-05T09:00:00.5Z", protoPayload: { message: "audit" } },
      {
        timestamp: "2026-01-05T09:00:00Z",
        severity: "LOUD",
        textPayload: `a\u001b[31m\tb\n${"x".repeat(20_000)}`,
      },
      { timestamp: "never", textPayload: "no time" },
      7,
    ];
    const tokens: (string | undefined)[] = [];
    answerWith = (request, response) => {
      tokens.push(request.headers.authorization);
      response.end(JSON.stringify({ entries }));
    };
    const small = await asked();
    expect(small).to.match(/^logs-unavailable true .*larger than 10000 bytes/);
    entries[2] = { timestamp: "2026-01-05T09:00:00Z", severity: "LOUD", textPayload: "a\u001b[31m\tb\nc" };
    expect(await asked()).to.deep.equal([
      { at: Date.UTC(2026, 0, 5, 9), severity: "DEFAULT", text: "a[31m\tb\nc" },
      { at: Date.UTC(2026, 0, 5, 9, 0, 0, 500), severity: "DEFAULT", text: "audit" },
      { at: Date.UTC(2026, 0, 5, 9, 0, 1), severity: "NOTICE", text: '{"a":1}' },
    ]);
    expect(new Set(tokens)).to.deep.equal(new Set(["Bearer ya29.secret"]));
  });

  it("stops asking for pages that never end", async () => {
    let pages = 0;
    answerWith = (_, response) => {
      pages += 1;
      response.end(JSON.stringify({ nextPageToken: "more" }));
    };
    expect(await asked()).to.deep.equal([]);
    expect(pages).to.equal(settings.maxPages);
  });

  for (const [status, body, expected] of [
    [401, '{"error":{"message":"who are you"}}', /^logs-denied false .*: who are you$/],
    [403, "no", /^logs-denied false .*: HTTP 403$/],
    [400, '{"error":7}', /^logs-refused false .*: HTTP 400$/],
    [429, "{}", /^logs-unavailable true .*: HTTP 429$/],
    [500, "", /^logs-unavailable true .*: HTTP 500$/],
    [302, "", /^logs-unavailable true /],
    [200, "[]", /^logs-unavailable true Cloud Logging answered with something else/],
    [200, "{", /^logs-unavailable true Cloud Logging answered with something else/],
  ] as const) {
    it(`tells what HTTP ${status} with ${JSON.stringify(body)} means`, async () => {
      answerWith = (_, response) => {
        response.writeHead(status, status === 302 ? { location: "http://127.0.0.1:1/" } : {});
        response.end(body);
      };
      expect(await asked()).to.match(expected);
    });
  }

  it("takes a broken connection for an answer that did not come", async () => {
    answerWith = (request) => request.socket.destroy();
    expect(await asked()).to.match(/^logs-unavailable true could not read the log of build build-1: /);
  });
});
