import { AppError } from "../../ports/app-error.ts";
import type { LogLine, LogsPort } from "../../ports/logs.ts";
import type { Clock } from "../../ports/system.ts";
import { type Caller, type CallSettings, readCall } from "../google/api-call.ts";
import { RestFailure } from "../google/rest-failure.ts";
import { untilAborted } from "../google/until-aborted.ts";
import { lineOf, pageSchema } from "./log-entry.ts";
import { buildQuery, type EntriesQuery, revisionQuery } from "./log-filter.ts";

export type LoggingSettings = CallSettings &
  Readonly<{ pageSize: number; maxPages: number; maxBytes: number }>;

/** `entries.list` gives at most 1,000 entries a page, and 60 requests a minute: https://cloud.google.com/logging/quotas */
export const loggingSettings: LoggingSettings = {
  callTimeoutMs: 20_000,
  readAttempts: 4,
  retryMs: 1_000,
  pageSize: 1_000,
  maxPages: 10,
  maxBytes: 16 * 1024 * 1024,
};

type Context = Readonly<{
  caller: Caller;
  baseUrl: string;
  /** Null = the server asks for no identity. */
  token: (() => Promise<string>) | null;
  settings: LoggingSettings;
}>;

/** `LogsPort` over the REST form of the Cloud Logging API v2. */
export function createLoggingAdapter({
  baseUrl,
  token,
  clock,
  settings,
}: Readonly<Pick<Context, "baseUrl" | "token" | "settings"> & { clock: Clock }>): LogsPort {
  const context: Context = { caller: { api: "logs", clock, settings }, baseUrl, token, settings };
  return {
    buildLog: ({ service, build, limit, signal }) =>
      untilAborted(signal, async () => {
        const doing = `read the log of build ${build}`;
        const lines = await list(context, { query: buildQuery({ service, build }), limit, doing });
        return lines.toReversed();
      }),
    revisionLog: ({ limit, signal, ...wanted }) =>
      untilAborted(signal, () => {
        const doing = `read the log of ${wanted.revision}`;
        return list(context, { query: revisionQuery(wanted), limit, doing });
      }),
  };
}

type Listing = Readonly<{ query: EntriesQuery; limit: number; doing: string }>;

async function list(context: Context, { query, limit, doing }: Listing): Promise<readonly LogLine[]> {
  const { caller, settings } = context;
  const lines: LogLine[] = [];
  let pageToken = "";
  for (let page = 1; page <= settings.maxPages; page += 1) {
    const pageSize = Math.min(settings.pageSize, limit - lines.length);
    const body = { ...query, pageSize, ...(pageToken === "" ? {} : { pageToken }) };
    const answer = await readCall(caller, { doing, send: (ms) => ask(context, body, ms) });
    for (const raw of answer?.entries ?? []) {
      const line = lineOf(raw);
      if (line !== null) lines.push(line);
    }
    pageToken = answer?.nextPageToken ?? "";
    if (pageToken === "" || lines.length >= limit) break;
  }
  return lines.slice(0, limit);
}

async function ask({ baseUrl, token, settings }: Context, body: object, ms: number) {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (token !== null) headers["authorization"] = `Bearer ${await token()}`;
  const answer = await send(`${baseUrl}/v2/entries:list`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    redirect: "error",
    signal: AbortSignal.timeout(ms),
  });
  const text = await readText(answer, settings.maxBytes);
  if (!answer.ok) throw RestFailure.of(answer.status, text);
  const page = pageSchema.safeParse(parsed(text));
  if (page.success) return page.data;
  throw new AppError({
    code: "logs-unavailable",
    transient: true,
    message: "Cloud Logging answered with something else than a page of entries",
  });
}

/** A connection that failed is an answer that did not come back. */
async function send(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    throw RestFailure.unanswered(error);
  }
}

async function readText(answer: Response, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of answer.body ?? []) {
      size += part.length;
      if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
      parts.push(part);
    }
  } catch (error) {
    throw RestFailure.unanswered(error);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
