/** An answer of the Web API beside `ok`. */
export type ApiAnswer = Readonly<Record<string, unknown>>;

/** An answer with `ok: false`: a code of Slack's, and what else stands in the answer. */
export class ApiError extends Error {
  readonly code: string;
  readonly details: ApiAnswer;

  constructor(code: string, details: ApiAnswer = {}) {
    super(code);
    this.code = code;
    this.details = details;
  }

  /** A refusal that says where each problem is, in the two places in which Slack says it. */
  static withProblems(code: string, problems: readonly string[]): ApiError {
    const messages = problems.map((problem) => `[ERROR] ${problem}`);
    return new ApiError(code, { errors: problems, response_metadata: { messages } });
  }
}

/** Arguments of a call, from a form, a query or a JSON body: in a form everything is text, and structures are JSON in it. */
export class ApiArguments {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** null when it is absent or empty. */
  text(name: string): string | null {
    const value = this.#values[name];
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    return typeof value === "string" && value !== "" ? value : null;
  }

  /** @throws ApiError `code` when it is absent. */
  required(name: string, code: string): string {
    const value = this.text(name);
    if (value === null) throw new ApiError(code);
    return value;
  }

  flag(name: string): boolean {
    const value = this.text(name);
    return value === "true" || value === "1";
  }

  count(name: string, params: Readonly<{ usual: number; max: number }>): number {
    const value = Number(this.text(name) ?? params.usual);
    return Number.isInteger(value) && value > 0 ? Math.min(value, params.max) : params.usual;
  }

  /** The structure under a name; undefined when it is absent. @throws ApiError `code` when its text is no JSON. */
  json(name: string, code: string): unknown {
    const value = this.#values[name];
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value);
    } catch {
      throw new ApiError(code);
    }
  }
}

/** Reads the arguments of a request, wherever they stand. */
export async function readArguments(request: Request): Promise<ApiArguments> {
  const query = Object.fromEntries(new URL(request.url).searchParams);
  const type = request.headers.get("content-type") ?? "";
  const body = await request.text();
  if (!type.includes("json"))
    return new ApiArguments({ ...query, ...Object.fromEntries(new URLSearchParams(body)) });
  let parsed: unknown;
  try {
    parsed = JSON.parse(body || "{}");
  } catch {
    throw new ApiError("invalid_json");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new ApiError("json_not_object");
  return new ApiArguments({ ...query, ...Object.fromEntries(Object.entries(parsed)) });
}

/** One page of a list with the cursor of the next, as every list of the Web API has it. */
export function paged<Item>(
  items: readonly Item[],
  args: ApiArguments,
  usual = 100,
): Readonly<{ page: readonly Item[]; hasMore: boolean; response_metadata: { next_cursor: string } }> {
  const limit = args.count("limit", { usual, max: 1000 });
  const cursor = args.text("cursor");
  const start = cursor === null ? 0 : Number(/^offset:(\d+)$/.exec(atobOrEmpty(cursor))?.[1] ?? Number.NaN);
  if (Number.isNaN(start)) throw new ApiError("invalid_cursor");
  const end = start + limit;
  const hasMore = end < items.length;
  const next_cursor = hasMore ? Buffer.from(`offset:${end}`).toString("base64") : "";
  return { page: items.slice(start, end), hasMore, response_metadata: { next_cursor } };
}

function atobOrEmpty(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}
