/** gRPC's code for what a REST answer says: https://cloud.google.com/apis/design/errors#handling_errors */
const codes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  408: 4,
  409: 10,
  412: 9,
  429: 8,
  501: 12,
  503: 14,
  504: 4,
};

/** A Google API that answered a REST call with an error, in the form that its gRPC clients throw. */
export class RestFailure extends Error {
  readonly code: number;

  private constructor(code: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }

  /** By the status of the answer; the message is Google's own where the body holds one. */
  static of(status: number, body: string): RestFailure {
    const code = codes[status] ?? (status >= 500 ? 13 : 9);
    return new RestFailure(code, messageIn(body) ?? `HTTP ${status}`);
  }

  /** The answer did not come back whole. */
  static unanswered(error: unknown): RestFailure {
    const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return new RestFailure(14, inner instanceof Error ? inner.message : "no answer", error);
  }
}

/** `{"error": {"message"}}`, at most 500 characters of it. */
function messageIn(body: string): string | null {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null || !("error" in parsed)) return null;
    const { error } = parsed;
    if (typeof error !== "object" || error === null || !("message" in error)) return null;
    return typeof error.message === "string" ? error.message.slice(0, 500) : null;
  } catch {
    return null;
  }
}
