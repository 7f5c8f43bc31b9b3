import type { Context, Handler } from "hono";
import { explainRelease } from "../../shared/domain/explain.ts";
import { parseServiceKey } from "../../shared/domain/ids.ts";
import type { ReleaseRecord } from "../../shared/domain/release-record.ts";
import type { Store } from "../../shared/ports/store.ts";
import { paths } from "../paths.ts";
import { problem } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { limitOf, releaseOf } from "./parameters.ts";
import { releaseView } from "./views.ts";

/** Releases, newest request first, a page at a time. */
export function listReleases({ store }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const { service: named, cursor, limit: count } = c.req.query();
    const limit = limitOf(count);
    const service = named === undefined ? null : parseServiceKey(named);
    const before = cursor === undefined ? null : readCursor(cursor);
    if (limit === null) return badQuery(c, "`limit` is a whole number from 1 to 200.");
    if (named !== undefined && service === null) return badQuery(c, "`service` is `project/region/name`.");
    if (cursor !== undefined && before === null) return badQuery(c, "`cursor` is what the last page gave.");
    const found = await store.releases({ service, limit: limit + 1, before });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const cursorOut = found.length > limit && last !== undefined ? writeCursor(last) : null;
    return c.json({ releases: page.map(releaseView), cursor: cursorOut });
  };
}

function badQuery(c: Context<AppEnv>, detail: string): Response {
  return problem(c, { code: "query-invalid", detail, next: "GET /api/v1/releases without it." });
}

type WithRecord = (c: Context<AppEnv>, record: ReleaseRecord) => Promise<Response> | Response;

/** Finds the release of the path first; where the id is that of a refusal, the answer says so. */
function withRelease(store: Store, answer: WithRecord): Handler<AppEnv> {
  return async (c) => {
    const id = releaseOf(c);
    const record = id === null ? null : await store.release(id);
    if (record !== null) return answer(c, record);
    const refusal = id === null ? null : await store.refusal(id);
    if (refusal !== null) {
      const detail = [refusal.message, ...refusal.problems].join(" ");
      return problem(c, { code: "release-refused", detail, next: `GET ${paths.api.refusal(refusal.id)}` });
    }
    const detail = "No release has this id; one that was just asked for may not be taken up yet.";
    return problem(c, { code: "release-not-found", detail, next: "GET /api/v1/releases lists them." });
  };
}

/** One release and the words for it. */
export function showRelease({ store }: ServiceDeps): Handler<AppEnv> {
  return withRelease(store, (c, record) => c.json(releaseView(record)));
}

/** What happened to one release, in order. */
export function showReleaseEvents({ store }: ServiceDeps): Handler<AppEnv> {
  return withRelease(store, async (c, record) => c.json({ events: await store.releaseEvents(record.id) }));
}

/** What happened, what it means for the traffic, why, and what to type next: as fields and as one text. */
export function explainOne({ store }: ServiceDeps): Handler<AppEnv> {
  return withRelease(store, async (c, record) => {
    const explanation = await explanationOf(store, record);
    const { happened, traffic, why, next } = explanation;
    const text = [happened, traffic, why, "Next:", ...next.map((command) => `  ${command}`)].join("\n");
    return c.json({ releaseId: record.id, status: record.status, ...explanation, text });
  });
}

/** The explanation from all that the store holds of the release. */
export async function explanationOf(store: Store, record: ReleaseRecord) {
  const [events, owed] = await Promise.all([store.releaseEvents(record.id), store.owedWork(record.service)]);
  return explainRelease(
    record,
    events.map(({ event }) => event),
    owed,
  );
}
