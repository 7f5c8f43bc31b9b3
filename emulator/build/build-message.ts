import type { Build } from "./build-resource.ts";

/** What Cloud Build publishes to the topic `cloud-builds`; the bus adds `messageId` and `publishTime`. */
export type BuildMessage = Readonly<{ attributes: Readonly<Record<string, string>>; data: string }>;

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const durations = new Set(["timeout", "queueTtl", "ttl"]);

/** The notification of one state: the build as the REST API shows it, base64, with its id and status as attributes. */
export function buildMessage(build: Build): BuildMessage {
  const data = Buffer.from(JSON.stringify(restBuild(build))).toString("base64");
  return { attributes: { buildId: build.id, status: build.status }, data };
}

/**
 * The REST form of a build by the JSON mapping of protocol buffers: enums as names, int64 as strings, bytes as
 * base64, `1800s`, RFC 3339 times, and no empty fields.
 */
export function restBuild(build: Build): Json {
  return restValue("build", build) ?? {};
}

function restValue(key: string, value: unknown): Json | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  if (Buffer.isBuffer(value)) return value.toString("base64");
  if (Array.isArray(value)) return restList(key, value);
  if (typeof value === "object") return restObject(key, value);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? value
    : undefined;
}

function restList(key: string, values: readonly unknown[]): Json | undefined {
  return values.length === 0 ? undefined : values.map((each) => restValue(key, each) ?? "");
}

function restObject(key: string, value: object): Json | undefined {
  const fields = Object.entries(value);
  const isTime = fields.length > 0 && fields.every(([name]) => name === "seconds" || name === "nanos");
  if (isTime) return restTime(key, Object.fromEntries(fields));
  const kept = fields.flatMap(([name, field]): [string, Json][] => {
    const json = restValue(name, field);
    return json === undefined ? [] : [[name, json]];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function restTime(
  key: string,
  { seconds = 0, nanos = 0 }: { seconds?: string | number; nanos?: number },
): string {
  const fraction = nanos === 0 ? "" : `.${String(nanos).padStart(9, "0")}`.replace(/0+$/, "");
  if (durations.has(key)) return `${seconds}${fraction}s`;
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", `${fraction}Z`);
}
