import { AppError } from "../../ports/app-error.ts";

type Reason = Readonly<{ sentence: string; transient: boolean }>;

const diskFull = { sentence: "the disk is full", transient: true };
const readOnly = { sentence: "the file or its folder may not be written", transient: false };

const reasons: readonly Readonly<{ prefix: string; reason: Reason }>[] = [
  { prefix: "SQLITE_FULL", reason: diskFull },
  { prefix: "SQLITE_IOERR", reason: { sentence: "the disk could not be read or written", transient: true } },
  { prefix: "SQLITE_BUSY", reason: { sentence: "the file is busy", transient: true } },
  { prefix: "SQLITE_READONLY", reason: readOnly },
  { prefix: "SQLITE_PERM", reason: readOnly },
  { prefix: "SQLITE_NOTADB", reason: { sentence: "the file is no Gantry store", transient: false } },
  { prefix: "SQLITE_CORRUPT", reason: { sentence: "the file is damaged", transient: false } },
  { prefix: "SQLITE_CANTOPEN", reason: { sentence: "the file cannot be opened", transient: false } },
  { prefix: "ENOSPC", reason: diskFull },
  { prefix: "EDQUOT", reason: diskFull },
  { prefix: "EROFS", reason: readOnly },
  { prefix: "EACCES", reason: readOnly },
  { prefix: "EPERM", reason: readOnly },
  {
    prefix: "ENOTDIR",
    reason: { sentence: "its folder cannot be made, a file is in the way", transient: false },
  },
  {
    prefix: "EEXIST",
    reason: { sentence: "its folder cannot be made, a file is in the way", transient: false },
  },
];

/**
 * An error of the database or the file system as `store-unavailable`, with what a person can make of it; the database's own words stay in the
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
