import type { IncomingMessage, ServerResponse } from "node:http";
import type { TrafficTarget } from "./control/resources.ts";
import { CLOUD_RUN_FAULTS, type CloudRunFault, type FaultBoard, isFaultName } from "./faults.ts";

const MAX_BODY_BYTES = 64 * 1024;

export type AdminOptions = Readonly<{
  faults: FaultBoard;
  /** Sets the traffic of a service by its short or full name, as a person in the Cloud console would. */
  setTraffic: (service: string, traffic: readonly TrafficTarget[]) => Promise<void>;
  logs: (service: string, revision: string) => readonly object[];
}>;

type Body = Readonly<Record<string, unknown>>;

function answer(response: ServerResponse, statusCode: number, body: object): void {
  response.writeHead(statusCode, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}

/** A page that somebody has open in a browser must not be able to switch faults or move traffic. */
function isFromAnotherSite({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined && headers.origin !== `http://${headers.host}`;
}

async function readBody(incoming: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error("the body is larger than 64 KiB");
    chunks.push(chunk);
  }
  const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8") || "{}");
  if (typeof parsed !== "object" || parsed === null) throw new Error("the body must be a JSON object");
  return Object.fromEntries(Object.entries(parsed));
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A fault from a request. @throws Error that says what is wrong with it. */
function parseFault(body: Body): CloudRunFault {
  const { name, count, ms } = body;
  if (!isFaultName(name)) throw new Error(`name must be one of ${Object.keys(CLOUD_RUN_FAULTS).join(", ")}`);
  for (const [field, value] of Object.entries({ count, ms }))
    if (value !== undefined && (typeof value !== "number" || value < 0))
      throw new Error(`${field} must be a number that is not negative`);
  const service = textOf(body["service"]);
  return {
    name,
    ...(service === undefined ? {} : { service }),
    ...(typeof count === "number" ? { count } : {}),
    ...(typeof ms === "number" ? { ms } : {}),
  };
}

async function answerFaults({ faults }: AdminOptions, incoming: IncomingMessage, url: URL): Promise<void> {
  if (incoming.method === "POST") faults.set(parseFault(await readBody(incoming)));
  if (incoming.method !== "DELETE") return;
  const name = url.searchParams.get("name") ?? undefined;
  if (name !== undefined && !isFaultName(name)) throw new Error(`there is no fault ${name}`);
  faults.clear(name, url.searchParams.get("service") ?? undefined);
}

async function answerTraffic(options: AdminOptions, incoming: IncomingMessage): Promise<void> {
  const { service, traffic } = await readBody(incoming);
  if (typeof service !== "string" || !Array.isArray(traffic))
    throw new Error("service must be a name and traffic a list of targets");
  await options.setTraffic(service, traffic);
}

async function route(options: AdminOptions, incoming: IncomingMessage, url: URL): Promise<object | null> {
  if (url.pathname === "/_cloud/run/faults") {
    await answerFaults(options, incoming, url);
    return { faults: options.faults.list(), known: CLOUD_RUN_FAULTS };
  }
  if (url.pathname === "/_cloud/run/traffic" && incoming.method === "POST") {
    await answerTraffic(options, incoming);
    return {};
  }
  if (url.pathname !== "/_cloud/run/logs") return null;
  const service = url.searchParams.get("service") ?? "";
  return { lines: options.logs(service, url.searchParams.get("revision") ?? "") };
}

/**
 * The remote control of the local Cloud Run below `/_cloud/run/`: `faults` (GET, POST, DELETE), `traffic` (POST) and `logs`
 * (GET). It answers 400 with `{"error"}` for a request that it does not understand.
 */
export function answerAdmin(
  options: AdminOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  const url = new URL(incoming.url ?? "/", "http://admin");
  if (isFromAnotherSite(incoming)) {
    answer(response, 403, { error: "not for pages of other sites" });
    return;
  }
  route(options, incoming, url).then(
    (body) => answer(response, body === null ? 404 : 200, body ?? { error: "not found" }),
    (error: unknown) =>
      answer(response, 400, { error: error instanceof Error ? error.message : String(error) }),
  );
}
