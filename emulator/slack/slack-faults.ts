import type { Context } from "hono";
import { type FaultOptions, FaultSwitches } from "../build/fault-switches.ts";

export const slackFaultNames = [
  "down",
  "rate-limited",
  "one-message-a-second",
  "slow",
  "reply-lost",
  "channel-archived",
  "bot-removed",
  "sends-twice",
  "wrong-signature",
  "stale-timestamp",
  "future-timestamp",
  "other-workspace",
  "other-app",
] as const;

export type SlackFaultName = (typeof slackFaultNames)[number];

const standing = slackFaultNames.filter((name) => name !== "rate-limited" && name !== "reply-lost");

/** As every fault, and for `rate-limited` the wait that Slack asks for (default 1 s). */
export type SlackFaultOptions = FaultOptions & Readonly<{ retryAfterSeconds?: number }>;

/** What can go wrong with the local Slack. `rate-limited` and `reply-lost` strike once, the others until they are cleared. */
export class SlackFaults extends FaultSwitches<SlackFaultName> {
  readonly #changed: () => void;

  constructor(changed: () => void) {
    super(slackFaultNames, standing);
    this.#changed = changed;
  }

  override set(name: SlackFaultName, options: SlackFaultOptions = {}): void {
    const { retryAfterSeconds, ...rest } = options;
    super.set(name, retryAfterSeconds === undefined ? rest : { ...rest, ms: retryAfterSeconds * 1000 });
    this.#changed();
  }

  override clear(name?: SlackFaultName): void {
    super.clear(name);
    this.#changed();
  }

  override take(name: SlackFaultName): FaultOptions | null {
    const taken = super.take(name);
    if (taken !== null && !this.isOn(name)) this.#changed();
    return taken;
  }
}

/** `POST {"name", "count"?, "ms"?, "retryAfterSeconds"?}`: numbers that are none, or negative, are refused. */
export function setFault(faults: SlackFaults) {
  return async (context: Context): Promise<Response> => {
    const body: unknown = await context.req.json().catch(() => null);
    const given = typeof body === "object" && body !== null ? Object.entries(body) : [];
    const wanted = given.find(([key]) => key === "name")?.[1];
    const name = slackFaultNames.find((each) => each === wanted);
    if (name === undefined)
      return context.json({ error: `"name" must be one of ${slackFaultNames.join(", ")}` }, 400);
    const options = given.filter(([key]) => ["count", "ms", "retryAfterSeconds"].includes(key));
    const wrong = options.find(([, value]) => typeof value !== "number" || !(value >= 0));
    if (wrong !== undefined)
      return context.json({ error: `"${wrong[0]}" must be a number that is not negative` }, 400);
    faults.set(name, Object.fromEntries(options));
    return context.json({ on: faults.list() });
  };
}
