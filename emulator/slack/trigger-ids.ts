import { randomBytes } from "node:crypto";
import { ApiError } from "./api-call.ts";

const lifetimeMs = 3000;

/** Trigger ids: each opens one modal, for the person whose action it came from, within three seconds. */
export class TriggerIds {
  readonly #issued = new Map<string, { user: string; expiresAt: number; used: boolean }>();
  readonly #clock: () => number;
  readonly #teamId: string;

  constructor(clock: () => number, teamId: string) {
    this.#clock = clock;
    this.#teamId = teamId;
  }

  issue(user: string): string {
    const now = this.#clock();
    for (const [id, { expiresAt }] of this.#issued) if (expiresAt < now - 60_000) this.#issued.delete(id);
    const id = `${now}.${this.#teamId}.${randomBytes(16).toString("hex")}`;
    this.#issued.set(id, { user, expiresAt: now + lifetimeMs, used: false });
    return id;
  }

  /** The person behind it. @throws ApiError `invalid_trigger_id`, `expired_trigger_id` or `exchanged_trigger_id`. */
  exchange(id: string): string {
    const issued = this.#issued.get(id);
    if (issued === undefined) throw new ApiError("invalid_trigger_id");
    if (issued.expiresAt < this.#clock()) throw new ApiError("expired_trigger_id");
    if (issued.used) throw new ApiError("exchanged_trigger_id");
    issued.used = true;
    return issued.user;
  }
}
