import type { Command } from "../domain/commands.ts";
import type { ServiceKey } from "../domain/ids.ts";
import { knownAs } from "../domain/policy.ts";
import type { Deps } from "./deps.ts";
import type { Answer, Desk } from "./desk.ts";
import { execute } from "./execute.ts";
import { warmupCallMessage } from "./messages.ts";
import { releaseIdFor } from "./release-id.ts";

/** What people may ask about the warmth of a service. Each is durable at once; the service is looked at right after. */
export function createWarmDesk(deps: Deps): Pick<Desk, "warm" | "coolDown"> {
  return {
    warm: ({ service, forMs, by }) => {
      const at = deps.clock.now();
      const about = { type: "warm", at, releaseId: releaseIdFor("none"), until: at + forMs } as const;
      const minutes = Math.round(forMs / 60_000);
      const done = `${service} is kept warm for ${minutes} ${minutes === 1 ? "minute" : "minutes"}.`;
      return command(deps, service, { ...about, by: knownAs(deps.policy, by) }, done);
    },
    coolDown: ({ service, by }) => {
      const about = { type: "cool-down", at: deps.clock.now(), releaseId: releaseIdFor("none") } as const;
      const done = `${service} is not kept warm until its next window.`;
      return command(deps, service, { ...about, by: knownAs(deps.policy, by) }, done);
    },
  };
}

async function command(deps: Deps, service: ServiceKey, about: Command, done: string): Promise<Answer> {
  const of = { service, cause: null, config: null, goesOnWith: () => false };
  const executed = await execute(deps, { ...of, command: about });
  if (!executed.ok) return { ok: false, ...executed.refusal };
  const [event] = executed.events;
  const record = event === undefined ? null : await deps.store.release(event.releaseId);
  if (record === null) {
    const message = `Nothing of ${service} is known any more.`;
    return { ok: false, code: "nothing-live", message, next: `gantry status ${service}` };
  }
  await deps.bus.publish([warmupCallMessage(service, `asked-${about.at}`)]);
  return { ok: true, releaseId: record.id, status: record.status, message: done };
}
