import { type BuildMessage, buildMessage } from "./build-message.ts";
import { type Build, isFinished } from "./build-resource.ts";
import type { FaultSwitches } from "./fault-switches.ts";

export const buildFaultNames = [
  "lose-events",
  "repeat-events",
  "reorder-events",
  "delay-events",
  "build-fails",
  "build-never-ends",
  "build-stays-queued",
  "create-times-out-but-accepted",
  "unavailable",
  "queue-full",
  "image-missing-after-success",
  "build-is-lost",
  "step-hangs",
  "base-image-unavailable",
] as const;
/** Faults of the topic: they hold until they are cleared. */
export const standingBuildFaults: readonly BuildFaultName[] = buildFaultNames.slice(0, 4);
export type BuildFaultName = (typeof buildFaultNames)[number];
export type BuildFaults = FaultSwitches<BuildFaultName>;

/**
 * Publishes each state of each build to `cloud-builds`, in order and once, unless a fault says otherwise:
 * the real topic promises neither.
 */
export class BuildNotifier {
  readonly #publish: (message: BuildMessage) => Promise<void>;
  readonly #faults: BuildFaults;
  readonly #log: (line: string) => void;
  readonly #heldBack = new Map<string, BuildMessage[]>();
  readonly #late = new Set<NodeJS.Timeout>();
  #last: Promise<void> = Promise.resolve();

  constructor(
    publish: (message: BuildMessage) => Promise<void>,
    faults: BuildFaults,
    log: (line: string) => void,
  ) {
    this.#publish = publish;
    this.#faults = faults;
    this.#log = log;
  }

  /** Sends the state that the build is in now. Never throws: who builds does not wait for who listens. */
  announce(build: Build): void {
    const message = buildMessage(build);
    if (this.#faults.take("lose-events") !== null) return;
    if (this.#faults.isOn("reorder-events") && !isFinished(build)) {
      this.#heldBack.set(build.id, [message, ...(this.#heldBack.get(build.id) ?? [])]);
      return;
    }
    const messages = [message, ...(this.#heldBack.get(build.id) ?? [])];
    this.#heldBack.delete(build.id);
    const times = 1 + (this.#faults.take("repeat-events")?.times ?? 0);
    const delay = this.#faults.take("delay-events")?.ms ?? 0;
    this.#after(delay, () => this.#send(messages.flatMap((each) => Array<BuildMessage>(times).fill(each))));
  }

  #after(delay: number, send: () => void): void {
    if (delay === 0) {
      send();
      return;
    }
    const timer = setTimeout(() => {
      this.#late.delete(timer);
      send();
    }, delay);
    this.#late.add(timer);
  }

  #send(messages: readonly BuildMessage[]): void {
    for (const message of messages)
      this.#last = this.#last
        .then(() => this.#publish(message))
        .catch((error: unknown) => this.#log(`cloud-builds: not published: ${String(error)}`));
  }

  /** Resolves when all that is due has been handed over; what was delayed is dropped. */
  async close(): Promise<void> {
    for (const timer of this.#late) clearTimeout(timer);
    await this.#last;
  }
}
