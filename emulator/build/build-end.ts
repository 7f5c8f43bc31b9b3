import type { BuildStatus, FailureType } from "./build-resource.ts";

/** Thrown to end a build with anything but SUCCESS: its status, the sentence for `statusDetail`, and `failureInfo`. */
export class BuildEnd extends Error {
  readonly status: BuildStatus;
  readonly failure: FailureType | null;

  constructor(status: BuildStatus, detail: string, failure: FailureType | null = null) {
    super(detail);
    this.name = "BuildEnd";
    this.status = status;
    this.failure = failure;
  }
}

/** The end that a thrown value means; what nobody foresaw is INTERNAL_ERROR. */
export function endOf(error: unknown): BuildEnd {
  if (error instanceof BuildEnd) return error;
  return new BuildEnd("INTERNAL_ERROR", error instanceof Error ? error.message : String(error));
}

/** Waits, or throws the reason of the signal as soon as it is aborted. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}
