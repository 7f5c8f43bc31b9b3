import { z } from "zod";
import type { HttpCheck, JsonValue } from "../domain/release-config.ts";
import { quotedText, textOf } from "./names.ts";
import { durationRangeField } from "./ranges.ts";
import { type Complaint, listWithRule, section } from "./section.ts";
import { durationField, shareField } from "./units.ts";

const hour = 3_600_000;
const minute = 60_000;
const maxBodyLength = 65_536;
const verbs = ["get", "post", "put", "patch", "delete", "head"] as const;
type Verb = (typeof verbs)[number];
const methods: Readonly<Record<Verb, HttpCheck["method"]>> = {
  get: "GET",
  post: "POST",
  put: "PUT",
  patch: "PATCH",
  delete: "DELETE",
  head: "HEAD",
};

const requestPath = (verb: Verb) =>
  z
    .string()
    .max(2048)
    .regex(/^\/(?!\/)[!-[\]-~]*$/, {
      error:
        "must be a path that begins with one `/`, without blanks; it is asked of the candidate, so it is no URL",
    })
    .optional()
    .describe(`The path of a ${methods[verb]} request. A check has exactly one of ${verbs.join(", ")}.`);

const jsonField: z.ZodType<JsonValue> = z.json();

/** Belong to the connection and to the proof that the answer comes from the candidate. */
const ownHeaders: readonly string[] = [
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "upgrade",
];

const headerFields = () =>
  z.record(
    textOf(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "the name of an HTTP header").refine(
      (name) => !ownHeaders.includes(name.toLowerCase()),
      { error: (issue) => `\`${String(issue.input)}\` is set by Gantry itself` },
    ),
    quotedText().regex(/^[\t -~]*$/, { error: "must be one line of plain text" }),
  );

const checkField = section(
  {
    name: textOf(
      /^[a-z0-9][a-z0-9-]{0,62}$/,
      "a name of lower-case letters, digits and hyphens, at most 63 characters",
    ).describe("What messages call this check."),
    get: requestPath("get"),
    post: requestPath("post"),
    put: requestPath("put"),
    patch: requestPath("patch"),
    delete: requestPath("delete"),
    head: requestPath("head"),
    headers: headerFields().default({}).describe("Headers of the request."),
    body: quotedText().max(maxBodyLength).optional().describe("The body of the request."),
    status: z.int().min(100).max(599).default(200).describe("The status that the answer must have."),
    json: jsonField.optional().describe("What the JSON of the answer must contain; it may contain more."),
    answerHeaders: headerFields()
      .default({})
      .describe("Headers that the answer must have, with their exact values."),
    within: durationField({ max: hour }).prefault("10s").describe("The time limit of one try."),
    repeat: z.int().min(1).max(100).default(1).describe("How many times in a row the check must pass."),
  },
  [
    { needs: [], check: exactlyOneVerb },
    {
      needs: ["get", "head", "body"],
      check: ({ get, head, body }) =>
        body !== undefined && (get !== undefined || head !== undefined)
          ? [{ path: ["body"], message: "a GET or HEAD request has no body" }]
          : [],
    },
  ],
).transform((check): HttpCheck => {
  const { name, headers, body, status, json, answerHeaders, within, repeat } = check;
  const verb = verbs.find((key) => check[key] !== undefined) ?? "get";
  const lowerCase = Object.entries(answerHeaders).map(([key, value]) => [key.toLowerCase(), value]);
  return {
    name,
    method: methods[verb],
    path: check[verb] ?? "/",
    headers,
    body: body ?? null,
    status,
    json: json ?? null,
    answerHeaders: Object.fromEntries(lowerCase),
    withinMs: within,
    repeat,
  };
});

function exactlyOneVerb(check: Readonly<Partial<Record<Verb, unknown>>>): Complaint[] {
  const given = verbs.filter((verb) => check[verb] !== undefined);
  if (given.length === 1) return [];
  const found = given.length === 0 ? "has none" : `has ${given.join(" and ")}`;
  return [
    { path: [], message: `needs exactly one of ${verbs.join(", ")} with the path to ask; it ${found}` },
  ];
}

const coldStartField = section(
  {
    within: durationField({ max: hour })
      .prefault("120s")
      .describe("The gate fails when the first instance and its first answer take longer together."),
    expect: durationRangeField()
      .optional()
      .describe("What a cold start usually takes; outside of it is reported."),
  },
  [
    {
      needs: ["within", "expect"],
      check: ({ within, expect }) =>
        expect === undefined || expect[1] <= within
          ? []
          : [{ path: ["expect"], message: "must end before the limit that `within` sets" }],
    },
  ],
).transform(({ within, expect }) => ({ withinMs: within, expectMs: expect ?? null }));

const checksField = listWithRule(z.array(checkField).max(50), {
  needs: ["name"],
  check: (checks) =>
    checks.flatMap(({ name }, index) => {
      const first = checks.findIndex((check) => check.name === name);
      const message = `\`${name}\` is the name of \`verify.checks[${first}]\` already`;
      return first === index ? [] : [{ path: [index, "name"], message }];
    }),
});

/** A function on Google Cloud runs for an hour at most, and the gate is one piece of its work. */
export const longestGateMs = 45 * minute;

/** What a candidate must prove before it gets traffic. */
export const verifyField = section({
  within: durationField({ max: longestGateMs, min: minute / 6 })
    .prefault("10m")
    .describe("The whole gate ends by then, one way or the other."),
  coldStart: coldStartField
    .optional()
    .describe("Measure how long the first instance of the candidate takes from nothing to an answer."),
  memory: section({ below: shareField().describe("Share of the memory limit, such as `80%`.") })
    .optional()
    .describe(
      "How much of its memory the candidate may use, by Cloud Monitoring: a sample each minute, which can be read up to three minutes later.",
    ),
  gpu: z.literal("allocated").optional().describe("`allocated`: prove that the candidate has its GPU."),
  startupLogs: z
    .enum(["clean", "ignore"])
    .default("clean")
    .describe(
      "`clean`: no line of severity ERROR or more from the creation of the revision to its first answer. `ignore`: the log is not read.",
    ),
  checks: checksField
    .default([])
    .describe(
      "HTTP requests to the candidate. Without any, the gate proves only that it is Ready and answers as itself.",
    ),
})
  .transform(({ within, coldStart, memory, gpu, startupLogs, checks }) => ({
    withinMs: within,
    coldStart: coldStart ?? null,
    memoryBelow: memory?.below ?? null,
    gpu: gpu ?? null,
    startupLogs: startupLogs === "clean" ? ("clean" as const) : null,
    checks,
  }))
  .prefault({})
  .describe("The gate: what a candidate must prove at 0 % traffic.");
