import { AppError } from "../../ports/app-error.ts";
import { rpcFailureOf } from "../google/rpc-failure.ts";

/**
 * What a failed call means, by the number of its code alone: the text differs between Firestore and its emulator.
 * `unknown`: a write may have been applied or not. `aborted`, `exists`, `precondition`, `missing`: nothing was written.
 */
export type FailureKind =
  | "exists"
  | "precondition"
  | "missing"
  | "aborted"
  | "unknown"
  | "denied"
  | "refused";

export type FirestoreFailure = Readonly<{ kind: FailureKind; message: string; code: number | null }>;

/** By gRPC code, https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto; all others refuse. */
const kinds: Readonly<Record<number, FailureKind>> = {
  1: "unknown", // CANCELLED
  2: "unknown", // UNKNOWN
  4: "unknown", // DEADLINE_EXCEEDED
  5: "missing", // NOT_FOUND
  6: "exists", // ALREADY_EXISTS
  7: "denied", // PERMISSION_DENIED
  8: "unknown", // RESOURCE_EXHAUSTED
  9: "precondition", // FAILED_PRECONDITION
  10: "aborted", // ABORTED: too much contention
  13: "unknown", // INTERNAL
  14: "unknown", // UNAVAILABLE
  15: "unknown", // DATA_LOSS
  16: "unknown", // UNAUTHENTICATED: a token ran out on the way
};

/** @throws what it was given, when that is no answer of an API but a bug. */
export function firestoreFailureOf(error: unknown): FirestoreFailure {
  const failure = rpcFailureOf(error);
  if (failure === null) throw error;
  const { message, code } = failure;
  return { message, code, kind: code === null ? "denied" : (kinds[code] ?? "refused") };
}

const help: Readonly<Record<FailureKind, string>> = {
  exists: "",
  precondition:
    " The database lacks an index that Gantry's queries need: `terraform apply` makes it, and `gantry doctor` shows it.",
  missing:
    " There is no such database: `terraform apply` makes it; its name is in GANTRY_FIRESTORE_DATABASE.",
  aborted: " Others write the same documents; the same is tried again.",
  unknown: " The same is tried again when the message is delivered again.",
  denied:
    " Give the service account roles/datastore.user on the project: `gantry doctor` shows which account and what to type.",
  refused: " This is a bug of Gantry's or a limit of Firestore's: report it with this line.",
};

/** The error to throw once there is nothing left to try. `doing` completes "could not …". */
export function storeUnavailable(
  params: Readonly<{ doing: string; failure: FirestoreFailure; cause: unknown }>,
): AppError {
  const { doing, failure, cause } = params;
  const transient = failure.kind === "unknown" || failure.kind === "aborted";
  return new AppError({
    code: "store-unavailable",
    transient,
    message: `Firestore: could not ${doing}: ${failure.message}. Traffic stays as it is, and nothing is begun that is not written down.${help[failure.kind]}`,
    context: { grpcCode: failure.code },
    cause,
  });
}
