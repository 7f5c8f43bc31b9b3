import type { z } from "zod";
import { AppError, isTransient } from "../../ports/app-error.ts";
import type { Clock } from "../../ports/system.ts";
import { chatErrorOf, mayBeDone, unavailable } from "./slack-error.ts";
import { slackFetch } from "./slack-fetch.ts";

export type SlackSettings = Readonly<{
  timeoutMs: number; // of one try
  retries: number; // after the first try
  retryMs: number; // before the first retry, then doubled
  settleMs: number; // between a lost answer and the look whether the message is there
  lookBackMs: number; // how far back a message is looked for when nobody knows when it was first tried
}>;

export const slackDefaults: SlackSettings = {
  timeoutMs: 5000,
  retries: 2,
  retryMs: 250,
  settleMs: 1000,
  lookBackMs: 24 * 3_600_000,
};

export type SlackOptions = Readonly<{
  /** `https://slack.com/api/`, or what stands in for it. */
  apiUrl: string;
  /** Asked at each try, so that a rotated token counts at once. */
  token: () => string;
  clock: Clock;
  settings: SlackSettings;
}>;

export type SlackCall<T> = Readonly<{
  method: string;
  args: Readonly<Record<string, unknown>>;
  answer: z.ZodType<T>;
  /** True = twice is as good as once, so it is tried again though Slack may have done it already. */
  repeatable: boolean;
  signal: AbortSignal;
  timeoutMs?: number; // of one try, `settings.timeoutMs` without
}>;

/** Slack's Web API, called through its own client. */
export interface SlackApi {
  readonly options: SlackOptions;
  /** @throws AppError `chat-unavailable` or `chat-refused`, with `context.error` = Slack's code and `context.done`. */
  call<T>(call: SlackCall<T>): Promise<T>;
}

export function createSlackApi(options: SlackOptions): SlackApi {
  return { options, call: (call) => callWithRetries(options, call) };
}

/** A rate limit is not waited for here: the error says how long to wait. */
async function callWithRetries<T>(options: SlackOptions, call: SlackCall<T>): Promise<T> {
  const { clock, settings } = options;
  for (let retry = 0; ; retry += 1) {
    try {
      return await callOnce(options, call);
    } catch (error) {
      const worthIt = isTransient(error) && !isRateLimit(error) && (call.repeatable || !mayBeDone(error));
      if (!worthIt || retry >= settings.retries || call.signal.aborted) throw error;
      await clock.sleep({ ms: settings.retryMs * 2 ** retry, signal: call.signal });
    }
  }
}

function isRateLimit(error: unknown): boolean {
  return error instanceof AppError && error.context["retryAfterMs"] !== undefined;
}

async function callOnce<T>(options: SlackOptions, call: SlackCall<T>): Promise<T> {
  const { method, args, answer } = call;
  const channel = typeof args["channel"] === "string" ? args["channel"] : null;
  let result: unknown;
  try {
    result = await send(options, call);
  } catch (error) {
    const failed = { method, channel, error };
    if (!call.signal.aborted) throw chatErrorOf(failed);
    throw unavailable({ ...failed, code: "called-off", message: `${method} was called off.`, done: "late" });
  }
  const parsed = answer.safeParse(result);
  if (parsed.success) return parsed.data;
  const message = `What answers ${method} is not Slack. Check the address of the API.`;
  const failed = { method, channel, error: parsed.error, code: "strange-answer" };
  throw unavailable({ ...failed, message, done: "unknown" });
}

/**
 * The client is loaded when it is first needed, and made anew for each try, because its token, time limit and `fetch`
 * are fixed for its life. Its own retries are off (by default they go on for half an hour): it would send a message
 * whose answer was lost a second time.
 */
async function send(options: SlackOptions, call: SlackCall<unknown>): Promise<unknown> {
  const { WebClient, LogLevel } = await import("@slack/web-api");
  const client = new WebClient(options.token(), {
    slackApiUrl: options.apiUrl,
    allowAbsoluteUrls: false,
    timeout: call.timeoutMs ?? options.settings.timeoutMs,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    fetch: slackFetch(call.signal),
    logger: { ...silent, getLevel: () => LogLevel.ERROR },
  });
  return client.apiCall(call.method, { ...call.args });
}

const nothing = () => undefined;

/** What is to be said is said by the errors; the client would write to the console. */
const silent = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  setName: nothing,
};
