import { AppError } from "../../ports/app-error.ts";

type Reason = Readonly<{ sentence: string; transient: boolean }>;

const reasons: readonly Readonly<{ prefix: string; reason: Reason }>[] = [
  { prefix: "SQLITE_FULL", reason: { sentence: "the disk is full", transient: true } },
  { prefix: "SQLITE_IOERR", reason: { sentence: "the disk could not be read or written", transient: true } },
  { prefix: "SQLITE_BUSY", reason: { sentence: "the file is busy", transient: true } },
  { prefix: "SQLITE_READONLY", reason: { sentence: "the file or its disk is read-only", transient: false } },
  { prefix: "SQLITE_PERM", reason: { sentence: "the file may not be opened", transient: false } },
  { prefix: "SQLITE_NOTADB", reason: { sentence: "the file is no Gantry store", transient: false } },
  { prefix: "SQLITE_CORRUPT", reason: { sentence: "the file is damaged", transient: false } },
  { prefix: "SQLITE_CANTOPEN", reason: { sentence: "the file cannot be opened", transient: false } },
];

/**
 * A database error as `store-unavailable`, with what a person can make of it; the database's own words stay in the
 * cause. Whatever was being written is not there.
 */
export function storeUnavailable(params: Readonly<{ file: string; error: unknown }>): AppError {
  if (params.error instanceof AppError) return params.error;
  const code = codeOf(params.error);
  const known = reasons.find(({ prefix }) => code.startsWith(prefix))?.reason;
  const said = params.error instanceof Error ? params.error.message : String(params.error);
  const sentence = known?.sentence ?? "the database refused";
  return new AppError({
    code: "store-unavailable",
    message: `${params.file}: ${sentence} (${said})`,
    transient: known?.transient ?? false,
    context: { file: params.file, sqlite: code },
    cause: params.error,
  });
}

/** True when another connection holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith("SQLITE_BUSY");
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  if ("code" in error && typeof error.code === "string" && error.code !== "") return error.code;
  return error instanceof Error && error.message.includes("Unable to open") ? "SQLITE_CANTOPEN" : "";
}
