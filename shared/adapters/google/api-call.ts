import type { Clock } from "../../ports/system.ts";
import { withinDeadline } from "./call-deadline.ts";
import { appErrorOf, type GoogleApi, type RpcFailure, rpcFailureOf } from "./rpc-failure.ts";

export type CallSettings = Readonly<{
  callTimeoutMs: number; // of each single call
  readAttempts: number; // 1-based; reads are tried again, writes never
  retryMs: number; // between two tries of a read, times the try
}>;

export type Caller = Readonly<{ api: GoogleApi; clock: Clock; settings: CallSettings }>;

/** One call; `doing` completes "could not …". */
export type Call<T> = Readonly<{ doing: string; send: (timeout: number) => Promise<T> }>;

const never = new AbortController().signal;

/** Options of a call. The client's own retries are off: they know no total time, and reads are tried again here. */
export function callOptions(timeout: number): Readonly<{ timeout: number; retry: { retryCodes: number[] } }> {
  return { timeout, retry: { retryCodes: [] } };
}

/** Null = not found. @throws AppError once the tries are used up; what is no answer of the API is thrown as it is. */
export async function readCall<T>({ api, clock, settings }: Caller, call: Call<T>): Promise<T | null> {
  const { doing, send } = call;
  const { callTimeoutMs: ms, readAttempts, retryMs } = settings;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withinDeadline({ ms, doing, call: () => send(ms) });
    } catch (error) {
      const failure = failureOrThrow(error);
      if (failure.kind === "not-found") return null;
      const mayPass = failure.kind === "unknown" || failure.kind === "busy";
      if (!mayPass || attempt >= readAttempts) throw appErrorOf({ api, failure, doing, cause: error });
      await clock.sleep({ ms: retryMs * attempt, signal: never });
    }
  }
}

export type WriteAnswer<T> =
  | Readonly<{ ok: true; value: T }>
  | Readonly<{ ok: false; kind: Exclude<RpcFailure["kind"], "denied" | "busy">; message: string }>;

/** Sent once. @throws AppError for what leads nowhere (denied), and for what did nothing and may pass (busy). */
export async function writeCall<T>({ api, settings }: Caller, call: Call<T>): Promise<WriteAnswer<T>> {
  const { doing, send } = call;
  const ms = settings.callTimeoutMs;
  try {
    return { ok: true, value: await withinDeadline({ ms, doing, call: () => send(ms) }) };
  } catch (error) {
    const failure = failureOrThrow(error);
    const { kind, message } = failure;
    if (kind === "denied" || kind === "busy") throw appErrorOf({ api, failure, doing, cause: error });
    return { ok: false, kind, message };
  }
}

function failureOrThrow(error: unknown): RpcFailure {
  const failure = rpcFailureOf(error);
  if (failure === null) throw error;
  return failure;
}
