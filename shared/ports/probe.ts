/** One HTTP request to a revision, bounded in time and size. */
export type ProbeRequest = Readonly<{
  url: string;
  method: string;
  headers: Readonly<Record<string, string>>;
  body: string | null;
  timeoutMs: number; // for all of it: connect, headers, body
  maxBytes: number; // of the body; more is cut and said so
  signal: AbortSignal;
}>;

/** Redirects are not followed: they are answers like any other. */
export type ProbeAnswer =
  | Readonly<{
      kind: "answer";
      status: number;
      headers: Readonly<Record<string, string>>;
      body: string;
      truncated: boolean;
      durationMs: number;
    }>
  | Readonly<{ kind: "timeout"; durationMs: number; phase: "headers" | "body" }>
  | Readonly<{ kind: "error"; message: string; durationMs: number }>;

export interface ProbePort {
  /** Never throws but for a bug: what the network does is an answer. Leaves no socket open. */
  request(request: ProbeRequest): Promise<ProbeAnswer>;
}
