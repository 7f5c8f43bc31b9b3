import { z } from "zod";
import { googleIdentity } from "../../shared/adapters/google/google-identity.ts";
import type { CliIo } from "../cli-io.ts";

/** What Google said to one question. `off` = the API is not enabled; `denied` = the asker may not know. */
export type Answer<T> =
  | Readonly<{ ok: true; value: T }>
  | Readonly<{
      ok: false;
      kind: "missing" | "off" | "denied" | "unauthenticated" | "unreachable" | "odd";
      message: string;
    }>;

/** Google's REST APIs, read only. */
export type GoogleApi = Readonly<{
  /** `url` without `https://`: `pubsub.googleapis.com/v1/projects/P/topics`. */
  get: <T>(url: string, shape: z.ZodType<T>) => Promise<Answer<T>>;
  post: <T>(url: string, body: object, shape: z.ZodType<T>) => Promise<Answer<T>>;
}>;

const timeoutMs = 15_000;

/** Variables of the environment that change where and as whom Google is asked. */
const variables = { token: "GOOGLE_OAUTH_ACCESS_TOKEN", endpoint: "GANTRY_GOOGLE_ENDPOINT" } as const;

/**
 * Asks Google as GOOGLE_OAUTH_ACCESS_TOKEN says, else with Application Default Credentials. GANTRY_GOOGLE_ENDPOINT is a server
 * that stands in front of all of Google's hosts, each below a path with its name; it is never sent an identity of this machine.
 */
export function googleApi({ env, fetch: send }: Pick<CliIo, "env" | "fetch">): GoogleApi {
  const endpoint = env[variables.endpoint];
  const given = env[variables.token];
  const identity = googleIdentity();
  const token = async (): Promise<string | null> => {
    if (given) return given;
    return endpoint ? null : identity.accessToken();
  };
  const ask = async <T>(url: string, request: RequestInit, shape: z.ZodType<T>): Promise<Answer<T>> => {
    const bearer = await token().catch((error: unknown) => failure("unauthenticated", wordsOf(error)));
    if (bearer === null) return failure("unauthenticated", `${variables.token} is not set`);
    if (typeof bearer !== "string") return bearer;
    const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
    const address = endpoint ? `${endpoint.replace(/\/+$/, "")}/${url}` : `https://${url}`;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = await send(address, { ...request, headers, redirect: "error", signal });
      return read(answer.status, await answer.text(), shape);
    } catch (error) {
      return failure("unreachable", wordsOf(error));
    }
  };
  return {
    get: (url, shape) => ask(url, {}, shape),
    post: (url, body, shape) => ask(url, { method: "POST", body: JSON.stringify(body) }, shape),
  };
}

type Failure = Extract<Answer<never>, { ok: false }>;

function failure(kind: Failure["kind"], message: string): Failure {
  return { ok: false, kind, message: message.slice(0, 400) };
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** https://cloud.google.com/apis/design/errors#http_mapping */
const errorShape = z.object({
  error: z.object({
    message: z.string().default(""),
    details: z.array(z.object({ reason: z.string().optional() })).default([]),
  }),
});

function read<T>(status: number, text: string, shape: z.ZodType<T>): Answer<T> {
  const body = parsed(text);
  if (status >= 200 && status < 300) {
    const value = shape.safeParse(body);
    if (value.success) return { ok: true, value: value.data };
    return failure("odd", `an answer of another form: ${z.prettifyError(value.error)}`);
  }
  const told = errorShape.safeParse(body);
  const message = told.success ? told.data.error.message : `HTTP ${status}`;
  const isOff = told.success && told.data.error.details.some(({ reason }) => reason === "SERVICE_DISABLED");
  if (isOff) return failure("off", message);
  const kinds: Readonly<Record<number, Failure["kind"]>> = {
    401: "unauthenticated",
    403: "denied",
    404: "missing",
  };
  return failure(kinds[status] ?? "odd", message);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
