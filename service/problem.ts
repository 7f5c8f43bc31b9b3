import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { AppEnv } from "./service-deps.ts";

type Meaning = Readonly<{ status: ContentfulStatusCode; title: string }>;

/** Every code of the border with its HTTP status; each has a heading in docs/errors.md. */
const meanings = {
  "signature-invalid": { status: 401, title: "The signature is missing or wrong" },
  "delivery-invalid": { status: 400, title: "The delivery has no usable id" },
  "token-refused": { status: 401, title: "The identity token is not believed" },
  "keys-unavailable": { status: 503, title: "Nobody can tell now whether the identity token is genuine" },
  "body-too-large": { status: 413, title: "The body is too large" },
  "body-invalid": { status: 400, title: "The body is not what is expected" },
  "query-invalid": { status: 400, title: "A parameter is not what is expected" },
  "tag-invalid": { status: 400, title: "The tag cannot be used" },
  unauthenticated: { status: 401, title: "Sign-in is needed" },
  forbidden: { status: 403, title: "Not allowed" },
  "origin-invalid": { status: 403, title: "The request comes from another site" },
  "not-found": { status: 404, title: "There is nothing here" },
  "method-not-allowed": { status: 405, title: "This method is not possible here" },
  "release-not-found": { status: 404, title: "No such release" },
  "release-refused": { status: 404, title: "The request was refused" },
  "service-not-found": { status: 404, title: "No such service" },
  "refusal-not-found": { status: 404, title: "No such refusal" },
  "deadletter-not-found": { status: 404, title: "No such dead letter" },
  "replay-refused": { status: 409, title: "The message cannot be delivered again" },
  "too-many-streams": { status: 503, title: "Too many event streams" },
  unavailable: { status: 503, title: "Gantry cannot answer now" },
  internal: { status: 500, title: "Something went wrong in Gantry" },
} as const satisfies Record<string, Meaning>;

type ProblemCode = keyof typeof meanings;

export type Problem = Readonly<{ code: ProblemCode; detail: string; next: string }>;

/** An RFC 9457 document: what happened, why, and the next thing to do. */
export function problem(c: Context<AppEnv>, { code, detail, next }: Problem): Response {
  const { status, title } = meanings[code];
  return problemDocument(c, { code, status, title, detail, next });
}

/** The answer to a path whose service cannot be one, or is not known. */
export function noSuchService(c: Context<AppEnv>, detail = "A service is `project/region/name`."): Response {
  return problem(c, { code: "service-not-found", detail, next: "GET /api/v1/services lists them." });
}

type Refused = Readonly<{ code: string; message: string; next: string }>;

const refusalStatuses: Readonly<Record<string, ContentfulStatusCode>> = {
  "release-not-found": 404,
  "service-not-found": 404,
  "not-an-approver": 403,
  "not-a-member": 403,
  "self-approval": 403,
  "freeze-not-found": 404,
  "freeze-covers-nothing": 404,
  "freeze-without-reason": 400,
  "freeze-ends-early": 400,
};

/** The HTTP status of an expected no of the desk: 409 unless the code says otherwise. */
export function refusalStatus(code: string): ContentfulStatusCode {
  return refusalStatuses[code] ?? 409;
}

/** An expected no of the desk, with its own code. */
export function refused(c: Context<AppEnv>, { code, message, next }: Refused): Response {
  return problemDocument(c, { code, status: refusalStatus(code), title: "Refused", detail: message, next });
}

type Document = Meaning & Readonly<{ code: string; detail: string; next: string }>;

function problemDocument(c: Context<AppEnv>, { code, status, title, detail, next }: Document): Response {
  const document = {
    type: `docs/errors.md#${code}`,
    title,
    status,
    detail,
    code,
    next,
    requestId: c.get("requestId"),
  };
  return c.body(JSON.stringify(document), status, { "content-type": "application/problem+json" });
}
