import type { Handler } from "hono";
import { AppError } from "../../shared/ports/app-error.ts";
import { problem } from "../problem.ts";
import type { AppEnv, ServiceDeps } from "../service-deps.ts";
import { limitOf } from "./parameters.ts";

/** Messages that were given up, newest first. */
export function listDeadLetters({ bus }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const limit = limitOf(c.req.query("limit"));
    if (limit === null) {
      const detail = "`limit` is a whole number from 1 to 200.";
      return problem(c, { code: "query-invalid", detail, next: "GET /api/v1/deadletters without it." });
    }
    return c.json({ deadletters: await bus.deadLetters({ limit }) });
  };
}

/** Hands a dead letter to its subscription again. */
export function replayDeadLetter({ bus }: ServiceDeps): Handler<AppEnv> {
  return async (c) => {
    const id = c.req.param("id") ?? "";
    const next = "GET /api/v1/deadletters lists them.";
    try {
      if (await bus.replayDeadLetter(id)) return c.json({ id, replayed: true }, 202);
    } catch (error) {
      if (!(error instanceof AppError && error.code === "replay-refused")) throw error;
      return problem(c, { code: error.code, detail: error.message, next });
    }
    return problem(c, { code: "deadletter-not-found", detail: "No dead letter has this id.", next });
  };
}
