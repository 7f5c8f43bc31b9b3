import type { Context, Handler } from "hono";
import { z } from "zod";
import { parseMoment } from "../../shared/config/moment.ts";
import { zoneField } from "../../shared/config/ranges.ts";
import { parseDuration } from "../../shared/config/units.ts";
import { type Freeze, freezeState } from "../../shared/domain/freeze.ts";
import { freezeWords } from "../../shared/domain/freeze-words.ts";
import type { Timestamp } from "../../shared/domain/ids.ts";
import type { FreezeAnswer } from "../../shared/usecases/freeze-desk.ts";
import { problem, refused } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { actorOf, bodyOf } from "./release-commands.ts";

const moment = z
  .string()
  .refine((text) => parseMoment(text, null) !== null, "is a moment with its zone, as 2026-12-24T18:00+01:00")
  .nullable()
  .default(null);

const schemas = {
  freeze: z
    .strictObject({
      service: z.string().max(200), // `project/region/name`, with `*` and `**`; `**` = every service
      reason: z.string().max(500),
      from: moment,
      until: moment,
      for: z
        .string()
        .refine((text) => (parseDuration(text) ?? 0) > 0, "is a duration like 30m, 4h or 2d")
        .nullable()
        .default(null),
      zone: zoneField().default("UTC"), // in which people are told the times
    })
    .refine((body) => body.until === null || body.for === null, {
      path: ["for"],
      error: "goes without `until`",
    }),
  lift: z.strictObject({ reason: z.string().max(500).default("") }),
};

/** A freeze as the API shows it: where it is now, and the words for that. */
function freezeView(freeze: Freeze, at: Timestamp) {
  return { ...freeze, state: freezeState(freeze, at), words: freezeWords(freeze, at) };
}

/** Freezes that stand or are to come, newest first, and the windows of the policy; `all=true`: also those that ended. */
export function listFreezes({ freezes }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const all = c.req.query("all");
    if (all !== undefined && all !== "true" && all !== "false") {
      const detail = "`all` is true or false.";
      return problem(c, { code: "query-invalid", detail, next: "GET /api/v1/freezes without it." });
    }
    const board = await freezes.board();
    const shown = board.freezes.map((freeze) => freezeView(freeze, board.at));
    const isOpen = ({ state }: (typeof shown)[number]): boolean => state === "stands" || state === "planned";
    return c.json({ freezes: all === "true" ? shown : shown.filter(isOpen), windows: board.windows });
  };
}

/** `POST /freezes`. The same `Idempotency-Key` of the same person is the same freeze. */
export function setFreeze({ freezes, ids, clock }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const body = await bodyOf(c, schemas.freeze);
    if (!body.ok) return body.answer;
    const { service: services, reason, zone } = body.value;
    const at = clock.now();
    const from = body.value.from === null ? null : parseMoment(body.value.from, null);
    const by = actorOf(c, "api");
    const key = c.req.header("idempotency-key");
    const answer = await freezes.set({
      requestId: key === undefined ? `api/${ids.short()}` : `api/${by.name}/${key}`,
      services,
      from,
      until: endOf(body.value, from ?? at),
      zone,
      reason,
      by,
    });
    return frozen(c, answer, { status: 201, at });
  };
}

function endOf(
  body: Readonly<{ until: string | null; for: string | null }>,
  from: Timestamp,
): Timestamp | null {
  if (body.for !== null) return from + (parseDuration(body.for) ?? 0);
  return body.until === null ? null : parseMoment(body.until, null);
}

/** `DELETE /freezes/{id}`: lifts it; one that ended before stays as it ended, and the answer says so. */
export function liftFreeze({ freezes, clock }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const body = await bodyOf(c, schemas.lift);
    if (!body.ok) return body.answer;
    const { reason } = body.value;
    const answer = await freezes.lift({ id: c.req.param("id") ?? "", by: actorOf(c, "api"), reason });
    return frozen(c, answer, { status: 200, at: clock.now() });
  };
}

type Shown = Readonly<{ status: 200 | 201; at: Timestamp }>;

function frozen(c: Context<AppEnv>, answer: FreezeAnswer, { status, at }: Shown): Response {
  if (!answer.ok) return refused(c, answer);
  const { freeze, message } = answer;
  return c.json({ freeze: freezeView(freeze, at), message }, status);
}
