/** Codes of what can go wrong outside the domain; each has a heading in docs/errors.md. */
export type AppErrorCode =
  | "run-unavailable"
  | "run-denied"
  | "run-refused"
  | "run-timed-out"
  | "build-unavailable"
  | "build-denied"
  | "build-refused"
  | "metrics-unavailable"
  | "metrics-denied"
  | "metrics-refused"
  | "logs-unavailable"
  | "logs-denied"
  | "logs-refused"
  | "source-unavailable"
  | "source-denied"
  | "source-too-large"
  | "store-unavailable"
  | "store-locked"
  | "store-contended"
  | "state-newer"
  | "bus-unavailable"
  | "bus-denied"
  | "bus-refused"
  | "message-invalid"
  | "replay-refused"
  | "images-unavailable"
  | "chat-unavailable"
  | "chat-refused"
  | "work-never-ended"
  | "config-invalid";

/** An infrastructure error that says what was being done, whether it may pass, and why. */
export class AppError extends Error {
  readonly code: AppErrorCode;
  /** True = the same call may succeed later. */
  readonly transient: boolean;
  readonly context: Readonly<Record<string, string | number | null>>;

  constructor(
    params: Readonly<{
      code: AppErrorCode;
      message: string;
      transient: boolean;
      context?: Readonly<Record<string, string | number | null>>;
      cause?: unknown;
    }>,
  ) {
    super(params.message, { cause: params.cause });
    this.name = "AppError";
    this.code = params.code;
    this.transient = params.transient;
    this.context = params.context ?? {};
  }
}

/** True for what may pass when tried again; a bug or a refusal is not. */
export function isTransient(error: unknown): boolean {
  return error instanceof AppError && error.transient;
}
