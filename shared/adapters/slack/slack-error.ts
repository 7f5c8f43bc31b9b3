import { z } from "zod";
import { AppError } from "../../ports/app-error.ts";
import { passingFate, sentenceFor } from "./slack-refusal.ts";

/** What a rate limit without `Retry-After` is taken for. */
export const defaultRetryAfterMs = 30_000;

/** The calls that Slack did not answer with `ok`, as its client throws them. */
const thrownSchema = z.discriminatedUnion("code", [
  z.object({ code: z.literal("slack_webapi_rate_limited_error"), retryAfter: z.number() }),
  z.object({ code: z.literal("slack_webapi_http_error"), statusCode: z.number() }),
  z.object({ code: z.literal("slack_webapi_request_error"), original: z.instanceof(Error) }),
  z.object({
    code: z.literal("slack_webapi_platform_error"),
    data: z.object({
      error: z.string().catch(""),
      needed: z.string().optional().catch(undefined),
      response_metadata: z
        .object({
          messages: z.array(z.string()).optional().catch(undefined),
          retryAfter: z.number().optional().catch(undefined),
        })
        .optional()
        .catch(undefined),
    }),
  }),
]);

type Thrown = z.output<typeof thrownSchema>;
type PlatformAnswer = Extract<Thrown, { code: "slack_webapi_platform_error" }>["data"];

type Failed = Readonly<{ method: string; channel: string | null; error: unknown }>;

/**
 * The `AppError` for what Slack's client threw; what is none of its errors is handed back as it is. Its context says
 * the method, Slack's own code, and under `done` whether the call may have been carried out all the same: `no`,
 * `unknown`, or `late` (unknown, and Slack may be at it still).
 */
export function chatErrorOf(failed: Failed): unknown {
  const thrown = thrownSchema.safeParse(failed.error);
  if (!thrown.success) return failed.error;
  const { data } = thrown;
  switch (data.code) {
    case "slack_webapi_rate_limited_error":
      return rateLimited(failed, data.retryAfter * 1000);
    case "slack_webapi_http_error":
      return httpError(failed, data.statusCode);
    case "slack_webapi_request_error":
      return unreachable(failed, data.original);
    case "slack_webapi_platform_error":
      return platformError(failed, data.data);
  }
}

/** Whether Slack may have carried out what this error came of. */
export function mayBeDone(error: unknown): error is AppError {
  return error instanceof AppError && error.context["done"] !== undefined && error.context["done"] !== "no";
}

/** True when Slack was too slow, so that what was asked may be done later still. */
export function isLate(error: AppError): boolean {
  return error.context["done"] === "late";
}

/** Slack's own code of an error, such as `message_not_found`; null = it is none of Slack's. */
export function slackCodeOf(error: unknown): string | null {
  const code = error instanceof AppError ? error.context["error"] : null;
  return typeof code === "string" ? code : null;
}

type Unavailable = Failed &
  Readonly<{ code: string; message: string; done: "no" | "unknown" | "late"; retryAfterMs?: number }>;

export function unavailable(params: Unavailable): AppError {
  const { method, channel, error, code, message, done, retryAfterMs } = params;
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  const context = { method, channel, error: code, done, ...wait };
  return new AppError({ code: "chat-unavailable", transient: true, message, context, cause: error });
}

type Refused = Failed & Readonly<{ code: string; message: string; detail?: string }>;

export function refused(params: Refused): AppError {
  const { method, channel, error, code, message, detail } = params;
  const more = detail === undefined ? {} : { detail: detail.slice(0, 300) };
  const context = { method, channel, error: code, done: "no", ...more };
  return new AppError({ code: "chat-refused", transient: false, message, context, cause: error });
}

function rateLimited(failed: Failed, ms: number): AppError {
  const retryAfterMs = ms > 0 ? ms : 1000;
  const message = `Slack asks to wait ${Math.ceil(retryAfterMs / 1000)} s before ${failed.method}.`;
  return unavailable({ ...failed, code: "ratelimited", message, done: "no", retryAfterMs });
}

function httpError(failed: Failed, status: number): AppError {
  const code = `http_${status}`;
  if (status >= 500 || status === 408) {
    const message = `Slack answers ${status} at the moment.`;
    return unavailable({ ...failed, code, message, done: "unknown" });
  }
  const message = `Slack's address answers ${status} to ${failed.method}, as Slack never does. Check the address of the API.`;
  return refused({ ...failed, code, message });
}

/** Failures before a byte of the request was sent. */
const notSent = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function unreachable(failed: Failed, original: Error): AppError {
  if (original.name === "TimeoutError") {
    const message = `Slack did not answer ${failed.method} in time.`;
    return unavailable({ ...failed, code: "timeout", message, done: "late" });
  }
  const code = socketCodeOf(original);
  const done = notSent.has(code) ? "no" : "unknown";
  const message =
    done === "no" ? "Slack cannot be reached." : "The connection to Slack broke before it answered.";
  return unavailable({ ...failed, code, message, done });
}

/** The code of the socket's error, which `fetch` hides one or two causes deep. */
function socketCodeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth += 1) {
    if ("code" in at && typeof at.code === "string") return at.code;
    const first = at instanceof AggregateError ? at.errors[0] : undefined;
    if (first !== undefined) return socketCodeOf(first);
  }
  return "no-answer";
}

function platformError(failed: Failed, answer: PlatformAnswer): AppError {
  const code = answer.error;
  if (code === "ratelimited" || code === "rate_limited") {
    const seconds = answer.response_metadata?.retryAfter;
    return rateLimited(failed, seconds === undefined ? defaultRetryAfterMs : seconds * 1000);
  }
  const done = passingFate(code);
  if (done !== null) {
    return unavailable({ ...failed, code, message: `Slack has a fault of its own (${code}).`, done });
  }
  const detail = answer.response_metadata?.messages?.join("; ") || undefined;
  const more = detail === undefined ? {} : { detail };
  const sentence = sentenceFor(code);
  if (sentence !== null) {
    const needed = answer.needed === undefined ? "" : ` It needs: ${answer.needed.slice(0, 100)}.`;
    return refused({ ...failed, code, message: `${sentence}${needed}`, ...more });
  }
  const message = `Slack refuses ${failed.method} with "${code}". That is a mistake in Gantry: please report it.`;
  return refused({ ...failed, code, message, ...more });
}
