import type { z } from "zod";
import { problemShape, type ShownProblem } from "./api-shapes.ts";
import type { CliIo } from "./cli-io.ts";
import { Complaint, nothingChanged } from "./complaint.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import type { ServerAddress } from "./server-address.ts";

/** Gantry's API as a verb uses it. Whatever is not the expected answer is thrown as a `Complaint`. */
export type ApiClient = Readonly<{
  url: string;
  get: <S extends z.ZodType>(path: string, shape: S) => Promise<z.output<S>>;
  post: <S extends z.ZodType>(path: string, body: unknown, shape: S) => Promise<z.output<S>>;
  remove: <S extends z.ZodType>(path: string, body: unknown, shape: S) => Promise<z.output<S>>;
  /** The open answer of an event stream; the caller reads its body. */
  stream: (path: string, signal: AbortSignal) => Promise<Response>;
}>;

const answerWithinMs = 30_000;

type Call = Readonly<{
  method: "GET" | "POST" | "DELETE";
  path: string;
  body?: string;
  signal?: AbortSignal;
  accept: string;
}>;

/** A client that asks the server at `address` with its token. Nothing that changes something is sent twice. */
export function createApiClient(io: CliIo, address: ServerAddress): ApiClient {
  const send = (call: Call) => request(io, address, call);
  const accept = "application/json";
  return {
    url: address.url,
    get: async (path, shape) => read(await send({ method: "GET", path, accept }), shape),
    post: async (path, body, shape) =>
      read(await send({ method: "POST", path, body: JSON.stringify(body), accept }), shape),
    remove: async (path, body, shape) =>
      read(await send({ method: "DELETE", path, body: JSON.stringify(body), accept }), shape),
    stream: (path, signal) => send({ method: "GET", path, signal, accept: "text/event-stream" }),
  };
}

async function request(io: CliIo, { url, token }: ServerAddress, call: Call): Promise<Response> {
  const { method, path, body, accept, signal } = call;
  const late = signal ?? AbortSignal.timeout(answerWithinMs);
  const headers = { authorization: `Bearer ${token}`, accept, "content-type": "application/json" };
  try {
    const answer = await io.fetch(`${url}/api/v1${path}`, {
      method,
      headers,
      redirect: "manual", // a token is never carried to another place
      signal: AbortSignal.any([late, io.stopping]),
      ...(body === undefined ? {} : { body }),
    });
    if (answer.ok) return answer;
    throw await problemComplaint(answer, url);
  } catch (error) {
    if (error instanceof Complaint) throw error;
    throw io.stopping.aborted ? interrupted() : unreachable(error, { url, method });
  }
}

async function read<S extends z.ZodType>(answer: Response, shape: S): Promise<z.output<S>> {
  const body = await answer.json().catch(() => undefined);
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unexpected(
    answer,
    `${issue?.path.join(".") || "The body"}: ${issue?.message ?? "is not understood"}`,
  );
}

/** What ends a verb when a person pressed Ctrl-C. */
export function interrupted(): Complaint {
  const text = {
    code: "interrupted",
    happened: "Interrupted",
    traffic: "What runs in Gantry goes on without this command.",
    why: "",
    next: ["gantry status"],
  };
  return new Complaint(text, exitCodes.interrupted);
}

function unreachable(error: unknown, { url, method }: Readonly<{ url: string; method: string }>): Complaint {
  return new Complaint({
    code: "server-unreachable",
    happened: `Gantry at ${url} does not answer`,
    traffic:
      method === "GET"
        ? nothingChanged
        : "It is not known whether the command arrived; if it did, Gantry carries it out.",
    why: causeOf(error),
    next: [
      "gantry status   # once it is up again",
      "gantry rollback PROJECT/REGION/NAME --direct   # needs Cloud Run only",
    ],
  });
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `There was no answer within ${answerWithinMs / 1000} s.`;
  const { cause } = error;
  return cause instanceof Error ? cause.message || cause.name : error.message;
}

function unexpected(answer: Response, why: string): Complaint {
  return new Complaint({
    code: "answer-unexpected",
    happened: `The answer of ${answer.url || "the server"} is not one of Gantry's (status ${answer.status})`,
    traffic: "Not known from here.",
    why,
    next: ["gantry --version   # is this CLI as new as the server?"],
  });
}

async function problemComplaint(answer: Response, url: string): Promise<Complaint> {
  const parsed = problemShape.safeParse(await answer.json().catch(() => undefined));
  if (!parsed.success) return unexpected(answer, `No problem document came with status ${answer.status}.`);
  const { code, title, detail } = parsed.data;
  const text = {
    code,
    happened: title,
    traffic: nothingChanged,
    why: detail,
    next: nextOf(parsed.data, url),
  };
  return new Complaint(text, exitCodeOf(parsed.data));
}

function exitCodeOf({ status }: ShownProblem): ExitCode {
  if (status === 401 || status === 403) return exitCodes.signInNeeded;
  return status === 400 ? exitCodes.usage : exitCodes.failed;
}

/** The API speaks of paths; a person at a terminal types commands. */
const typed: Readonly<Record<string, readonly string[]>> = {
  unauthenticated: ["export GANTRY_TOKEN=…   # in local mode `gantry dev` prints it"],
  forbidden: ["export GANTRY_TOKEN=…   # the token of an operator"],
  "release-not-found": ["gantry releases list"],
  "refusal-not-found": ["gantry releases list --refused"],
  "service-not-found": ["gantry status"],
  "deadletter-not-found": ["gantry deadletter list"],
};

function nextOf({ code, next }: ShownProblem, url: string): readonly string[] {
  const commands = typed[code];
  if (commands !== undefined) return commands;
  return code === "not-found" ? [`gantry status --url ${url}   # is this a Gantry server?`] : [next];
}
