import type { Command } from "../domain/commands.ts";
import type { ReleaseId, ServiceKey } from "../domain/ids.ts";
import type { ReleaseConfig } from "../domain/release-config.ts";
import type { ServiceState } from "../domain/service-state.ts";
import { idleReason, planWarmth, type ScalingReading, type WarmPlan } from "../domain/warm-plan.ts";
import { warmthOf } from "../domain/warm-state.ts";
import type { ServiceSnapshot } from "../ports/run.ts";
import type { Deps } from "./deps.ts";
import { execute } from "./execute.ts";
import { inParallel } from "./in-parallel.ts";
import { goesOnWith } from "./invocation.ts";
import { workOn } from "./run-work.ts";
import { pingOnce } from "./warm-ping.ts";

/** Services at once: enough that the slowest cold start of a fleet bounds the whole, few enough for one function. */
const atOnce = 200;
/** Between two readings that have to agree before Gantry says that somebody else changed the minimum. */
const secondLookMs = 1_000;

/** Keeps every service warm that is to be warm now. One that fails is said so in the log, and looked at a minute later. */
export async function warmAll(deps: Deps): Promise<void> {
  const states = await deps.store.services();
  const warmed = states.filter((state) => state.live !== null || state.warmth !== undefined);
  await inParallel(warmed, atOnce, async ({ key }) => {
    try {
      await warmService(deps, key);
    } catch (error) {
      deps.log.error({ service: key, err: String(error) }, "Could not keep a service warm; trying again");
    }
  });
}

/** Whether any service is kept warm at all, so that a clock is worth its ticks. */
export async function isAnythingWarmed({ store }: Pick<Deps, "store">): Promise<boolean> {
  for (const state of await store.services()) {
    if (warmthOf(state).raised !== null || warmthOf(state).asked !== null) return true;
    if ((await liveConfig({ store }, state))?.warmup) return true;
  }
  return false;
}

/**
 * Looks at one service and takes the step that it needs. Any number of instances may do so at the same time: a step is
 * committed once, a write is claimed by one, and a round of pings is one's alone.
 */
export async function warmService(deps: Deps, service: ServiceKey): Promise<void> {
  const { state } = await deps.store.load(service);
  const config = await liveConfig(deps, state);
  const plan = await planNow(deps, state, config);
  const releaseId = state.live?.id ?? warmthOf(state).raised?.releaseId ?? null;
  if (plan.do === "step" && releaseId !== null && (await isConfirmed(deps, { state, config, plan }))) {
    deps.log.info(
      { service, releaseId, step: plan.plan.step, why: plan.why },
      "Planned a step of the warmup",
    );
    await record(deps, service, { type: "keep-warm", at: deps.clock.now(), releaseId, plan: plan.plan });
  }
  if (plan.do === "ping" && releaseId !== null) await ping(deps, state, plan, releaseId);
  await workOn(deps, "warmup", service);
}

/** The config of the release that is live, never that of a candidate. */
async function liveConfig(
  { store }: Pick<Deps, "store">,
  { live }: ServiceState,
): Promise<ReleaseConfig | null> {
  return live === null ? null : store.config(live.configHash);
}

async function planNow(deps: Deps, state: ServiceState, config: ReleaseConfig | null): Promise<WarmPlan> {
  const facts = { now: deps.clock.now(), state, config };
  const idle = idleReason(facts);
  if (idle !== null) return { do: "nothing", why: idle };
  return planWarmth(facts, await readScaling(deps, state.key));
}

async function readScaling({ run }: Deps, service: ServiceKey): Promise<ScalingReading | null> {
  const reading = await run.readSettings(service);
  if (reading === null) return null;
  const { instances, manualInstances } = reading.settings.service;
  const { url } = reading.snapshot;
  const minimum = manualInstances === null ? (instances.min ?? 0) : null;
  return { minimum, by: reading.modifiedBy, url, effective: withoutOldTags(reading.snapshot) };
}

/** What is served, without the tags that nobody asks for any more: their URLs are about to lead nowhere. */
function withoutOldTags({ desired, effective }: ServiceSnapshot): ScalingReading["effective"] {
  const asked = new Set(desired.map(({ tag }) => tag));
  return effective.map((share) => (asked.has(share.tag) ? share : { ...share, tag: null }));
}

/** A reading may be older than Gantry's own last write: that somebody else changed the minimum has to be seen twice. */
async function isConfirmed(
  deps: Deps,
  seen: Readonly<{
    state: ServiceState;
    config: ReleaseConfig | null;
    plan: Extract<WarmPlan, { do: "step" }>;
  }>,
): Promise<boolean> {
  if (seen.plan.plan.step !== "leave-alone") return true;
  await deps.clock.sleep({ ms: secondLookMs, signal: new AbortController().signal });
  const again = await planNow(deps, seen.state, seen.config);
  return again.do === "step" && JSON.stringify(again.plan) === JSON.stringify(seen.plan.plan);
}

async function record(deps: Deps, service: ServiceKey, command: Command): Promise<void> {
  await execute(deps, { service, command, cause: null, config: null, goesOnWith: goesOnWith("warmup") });
}

async function ping(
  deps: Deps,
  { key }: ServiceState,
  plan: Extract<WarmPlan, { do: "ping" }>,
  releaseId: ReleaseId,
): Promise<void> {
  const { stretch } = plan;
  const begin = { type: "keep-warm", at: deps.clock.now(), releaseId } as const;
  await record(deps, key, { ...begin, plan: { step: "begin-pings", ...stretch } });
  const refusal = await pingOnce(deps, key, plan);
  if (refusal === null) return;
  const step = { step: "back-off", slot: stretch.slot, what: "ping", message: refusal } as const;
  await record(deps, key, { ...begin, at: deps.clock.now(), plan: step });
}
