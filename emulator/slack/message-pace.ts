import type { SlackCore } from "./slack-core.ts";

/** The rule of one message a second in each channel (docs.slack.dev/apis/web-api/rate-limits), while it is switched on. */
export class MessagePace {
  readonly #core: Pick<SlackCore, "faults" | "directory" | "clock">;
  readonly #freeAt = new Map<string, number>();

  constructor(core: Pick<SlackCore, "faults" | "directory" | "clock">) {
    this.#core = core;
  }

  /** 0 lets a message through; otherwise the whole seconds to wait. */
  wait(channel: string | null): number {
    const { faults, directory, clock } = this.#core;
    if (!faults.isOn("one-message-a-second") || channel === null) return 0;
    const id = directory.channel(channel)?.id ?? channel;
    const now = clock();
    const freeAt = this.#freeAt.get(id) ?? 0;
    if (freeAt > now) return Math.ceil((freeAt - now) / 1000);
    this.#freeAt.set(id, now + 1000);
    return 0;
  }
}
