import { AppError, type AppErrorCode } from "../../ports/app-error.ts";

/** The API that was called; the codes of its errors begin with it. */
export type GoogleApi = "run" | "build" | "metrics" | "logs" | "bus";

/**
 * What a failed call to a Google API means for the caller. `unknown`: the answer did not come back, so a write may have
 * been applied or not. `busy`: nothing was done, the same call may succeed later.
 */
export type RpcFailure = Readonly<{
  kind: "not-found" | "exists" | "conflict" | "denied" | "refused" | "busy" | "unknown";
  /** The service's own text, without the client's prefix. */
  message: string;
  code: number | null; // gRPC code; null = the call failed before it left this process
}>;

/** A call that took longer than it may; in the code that gRPC has for it, DEADLINE_EXCEEDED. */
export class CallTimedOut extends Error {
  readonly code = 4;
}

/** By gRPC code, https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto. */
const kinds: Readonly<Record<number, RpcFailure["kind"]>> = {
  1: "unknown", // CANCELLED
  2: "unknown", // UNKNOWN
  3: "refused", // INVALID_ARGUMENT
  4: "unknown", // DEADLINE_EXCEEDED
  5: "not-found",
  6: "exists",
  7: "denied", // PERMISSION_DENIED
  8: "busy", // RESOURCE_EXHAUSTED
  9: "refused", // FAILED_PRECONDITION
  10: "conflict", // ABORTED
  11: "refused", // OUT_OF_RANGE
  12: "refused", // UNIMPLEMENTED
  13: "unknown", // INTERNAL
  14: "unknown", // UNAVAILABLE
  15: "unknown", // DATA_LOSS
  16: "denied", // UNAUTHENTICATED
};

/** Null when the error is no answer of an API but a bug, which must not be taken for one. */
export function rpcFailureOf(error: unknown): RpcFailure | null {
  if (!(error instanceof Error)) return null;
  const code = "code" in error && typeof error.code === "number" ? error.code : null;
  const kind = code === null ? undefined : kinds[code];
  if (kind !== undefined) return { kind, message: textOf(error), code };
  return isMissingCredential(error) ? { kind: "denied", message: error.message, code: null } : null;
}

/** The client writes `10 ABORTED: text` into the message and the bare text into `details`. */
function textOf(error: Error): string {
  const details = "details" in error && typeof error.details === "string" ? error.details : "";
  return details === "" ? error.message.replace(/^\d+ [A-Z_]+: /, "") : details;
}

/** google-auth-library throws plain errors when this machine has no identity, or no token for it. */
function isMissingCredential(error: Error): boolean {
  return /default credentials|invalid_grant|refresh.{0,8} access token/i.test(error.message);
}

/** The error to throw for a failure that the caller has no outcome for. `doing` completes "could not …". */
export function appErrorOf({
  api,
  failure,
  doing,
  cause,
}: Readonly<{ api: GoogleApi; failure: RpcFailure; doing: string; cause?: unknown }>): AppError {
  const { code, transient } = verdictOf(failure, api);
  return new AppError({
    code,
    transient,
    message: `could not ${doing}: ${failure.message}`,
    context: { grpcCode: failure.code },
    cause,
  });
}

function verdictOf(
  { kind }: RpcFailure,
  api: GoogleApi,
): Readonly<{ code: AppErrorCode; transient: boolean }> {
  if (kind === "denied") return { code: `${api}-denied`, transient: false };
  if (kind === "refused" || kind === "not-found" || kind === "exists")
    return { code: `${api}-refused`, transient: false };
  return { code: `${api}-unavailable`, transient: true };
}
