import type { Deps } from "../../shared/usecases/deps.ts";
import { warmupCallMessage } from "../../shared/usecases/messages.ts";
import { isAnythingWarmed } from "../../shared/usecases/warm-services.ts";

const minuteMs = 60_000;

/**
 * The schedule of the embedded engine: at once, and then at each full minute, it asks for a look at every service that is kept
 * warm. Where none is, it asks for nothing.
 */
export class WarmupClock {
  readonly #deps: Deps;
  readonly #stopping = new AbortController();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Runs until it is stopped. */
  async run(): Promise<void> {
    const { clock, log } = this.#deps;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#tick().catch((error: unknown) =>
        log.error({ err: String(error) }, "Could not ask for the warmup; trying again in a minute"),
      );
      await clock.sleep({ ms: minuteMs - (clock.now() % minuteMs), signal });
    }
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #tick(): Promise<void> {
    const { bus, clock } = this.#deps;
    const minute = Math.floor(clock.now() / minuteMs);
    if (await isAnythingWarmed(this.#deps)) await bus.publish([warmupCallMessage(null, `${minute}`)]);
  }
}
