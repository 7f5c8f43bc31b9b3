import type { LoggedBuild } from "../build/start-cloud-build.ts";
import { FilterError, parseEntryFilter } from "./entry-filter.ts";
import { type LogEntry, type LoggedRun, runEntries } from "./logged-run.ts";

/** What has something to log. */
export type LogSources = Readonly<{
  run: LoggedRun;
  build: (id: string) => Promise<LoggedBuild | null>;
}>;

/** An answer with a status that is no 200, in the form of Google's REST APIs. */
export class RestError extends Error {
  readonly status: 400 | 404 | 503 | 429;
  readonly reason: string;

  constructor(status: 400 | 404 | 503 | 429, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 50;

type ListRequest = Readonly<{
  projects: readonly string[];
  filter: string;
  isNewestFirst: boolean;
  size: number;
  offset: number;
}>;

/** `entries.list`: https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list. @throws RestError */
export async function listEntries(
  sources: LogSources,
  body: unknown,
): Promise<Readonly<{ entries?: readonly LogEntry[]; nextPageToken?: string }>> {
  const request = requestOf(body);
  const { projects, isNewestFirst, size, offset } = request;
  const filter = filterOf(request.filter);
  const builds = await Promise.all(filter.builds.map((id) => buildEntries(sources, id)));
  const found = [...runEntries(sources.run), ...builds.flat()].filter(
    (entry) => projects.includes(projectOf(entry)) && filter.matches(entry),
  );
  const oldestFirst = found.toSorted((left, right) =>
    left.timestamp < right.timestamp ? -1 : left.timestamp > right.timestamp ? 1 : 0,
  );
  const sorted = isNewestFirst ? oldestFirst.toReversed() : oldestFirst;
  const entries = sorted.slice(offset, offset + size);
  if (entries.length === 0) return {};
  const isAll = offset + size >= sorted.length;
  return isAll ? { entries } : { entries, nextPageToken: String(offset + size) };
}

function filterOf(text: string): ReturnType<typeof parseEntryFilter> {
  try {
    return parseEntryFilter(text);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new RestError(400, "INVALID_ARGUMENT", `Unparseable filter: ${error.message}`);
  }
}

function projectOf({ logName }: LogEntry): string {
  return logName.split("/")[1] ?? "";
}

function requestOf(body: unknown): ListRequest {
  const fields = typeof body === "object" && body !== null ? Object.fromEntries(Object.entries(body)) : {};
  const { resourceNames, filter = "", orderBy = "timestamp asc", pageSize, pageToken } = fields;
  const names: readonly unknown[] = Array.isArray(resourceNames) ? resourceNames : [];
  const projects = names.map((name) => /^projects\/([^/]+)$/.exec(String(name))?.[1] ?? "");
  if (projects.length === 0 || projects.includes(""))
    throw invalid("resource_names must be projects/PROJECT, at least one");
  if (orderBy !== "timestamp asc" && orderBy !== "timestamp desc")
    throw invalid("order_by must be timestamp asc or timestamp desc");
  if (typeof filter !== "string") throw invalid("filter must be text");
  const size = typeof pageSize === "number" && pageSize > 0 ? Math.min(pageSize, MAX_PAGE) : DEFAULT_PAGE;
  const offset = pageToken === undefined ? 0 : Number(pageToken);
  if (!Number.isInteger(offset)) throw invalid("page_token is invalid");
  return { projects, filter, isNewestFirst: orderBy === "timestamp desc", size, offset };
}

function invalid(message: string): RestError {
  return new RestError(400, "INVALID_ARGUMENT", message);
}

async function buildEntries({ build }: LogSources, id: string): Promise<readonly LogEntry[]> {
  const logged = await build(id);
  if (logged === null) return [];
  const { project, lines, tags } = logged;
  return lines.map(({ at, text }, index) => ({
    insertId: `${id}-${index}`,
    logName: `projects/${project}/logs/cloudbuild`,
    resource: { type: "build", labels: { project_id: project, build_id: id, build_trigger_id: "" } },
    timestamp: new Date(at).toISOString(),
    severity: "INFO",
    labels: { build_tags: tags.join(","), build_step: /^Step #\d+/.exec(text)?.[0] ?? "MAIN" },
    textPayload: text,
  }));
}
