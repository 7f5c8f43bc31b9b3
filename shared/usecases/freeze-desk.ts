import {
  covers,
  everyService,
  type Freeze,
  isServiceGlob,
  type StandingFreeze,
  underWay,
} from "../domain/freeze.ts";
import { frozenAnswer, liftedAnswer } from "../domain/freeze-words.ts";
import type { ServiceKey, Timestamp } from "../domain/ids.ts";
import { type FreezeWindow, knownAs } from "../domain/policy.ts";
import type { Actor } from "../domain/service-state.ts";
import type { Deps } from "./deps.ts";
import { standingFreezes, windowEnd, windowStands } from "./freeze.ts";
import { releaseIdFor } from "./release-id.ts";

/** What somebody asks for who stops the line. The same `requestId` any number of times is one freeze. */
export type FreezeRequest = Readonly<{
  requestId: string;
  services: string; // `project/region/name`, or with `*` and `**`
  from: Timestamp | null; // null = now
  until: Timestamp | null; // null = until somebody lifts it
  zone: string; // IANA
  reason: string;
  by: Actor;
}>;

/** Codes of an expected no; each has a heading in docs/errors.md. */
export type FreezeRefusalCode =
  | "freeze-not-found"
  | "freeze-without-reason"
  | "freeze-ends-early"
  | "freeze-covers-nothing";

export type FreezeAnswer =
  | Readonly<{ ok: true; freeze: Freeze; message: string }>
  | Readonly<{ ok: false; code: FreezeRefusalCode; message: string; next: string }>;

/** A window of `gantry.policy.yaml`: it can be read here, and lifted nowhere but there. */
export type PolicyFreeze = Readonly<{
  name: string;
  services: readonly string[];
  zone: string;
  stands: boolean;
  until: Timestamp | null; // of one that stands
}>;

/** Every freeze that is still kept, newest first, and every window of the policy, as they are at `at`. */
export type FreezeBoard = Readonly<{
  at: Timestamp;
  freezes: readonly Freeze[];
  windows: readonly PolicyFreeze[];
}>;

/** What people may ask about freezes. A change is durable once it resolves; none of it touches traffic. */
export interface FreezeDesk {
  set(request: FreezeRequest): Promise<FreezeAnswer>;
  /** One that was lifted before, or is over, stays as it is, and the answer says so. */
  lift(params: Readonly<{ id: string; by: Actor; reason: string; cause?: string }>): Promise<FreezeAnswer>;
  board(): Promise<FreezeBoard>;
  /** What stands over a service now. */
  standing(): Promise<(service: ServiceKey) => readonly StandingFreeze[]>;
}

type FreezeDeps = Pick<Deps, "freezes" | "store" | "policy" | "clock" | "log">;

const mostListed = 200;
const longestReason = 500;

/** The freezes of this process, decided where CLI, API, console and chat meet. */
export function createFreezeDesk(deps: FreezeDeps): FreezeDesk {
  return {
    set: (request) => set(deps, request),
    lift: (params) => lift(deps, params),
    board: async () => {
      const at = deps.clock.now();
      const freezes = await deps.freezes.newest({ limit: mostListed });
      return { at, freezes, windows: deps.policy.freezes.map((window) => policyFreeze(window, at)) };
    },
    standing: () => standingFreezes(deps),
  };
}

function policyFreeze(window: FreezeWindow, at: Timestamp): PolicyFreeze {
  const { name, services, zone } = window;
  const stands = windowStands(window, at);
  return { name, services, zone, stands, until: stands ? windowEnd(window, at) : null };
}

async function set(deps: FreezeDeps, request: FreezeRequest): Promise<FreezeAnswer> {
  const { services, until, zone } = request;
  const at = deps.clock.now();
  const from = Math.max(request.from ?? at, at);
  const reason = request.reason.trim().slice(0, longestReason);
  const covered = (await deps.store.services()).filter(({ key }) => covers(request, key));
  if (reason === "") return withoutReason;
  if (until !== null && until <= from) return endsEarly;
  if (services !== everyService && (covered.length === 0 || !isServiceGlob(services)))
    return coversNothing(services);
  const by = knownAs(deps.policy, request.by);
  const id = `f${releaseIdFor(request.requestId).slice(1)}`;
  const freeze = await deps.freezes.add({ id, services, from, until, zone, reason, by, at, lifted: null });
  deps.log.info({ freeze: id, services, from, until, reason, by: by.name }, "A freeze is set");
  const now = await deps.store.services(); // whatever was admitted while it was being written goes on too
  const going = underWay(now, freeze);
  return { ok: true, freeze, message: frozenAnswer(freeze, { at, services: covered.length, going }) };
}

async function lift(deps: FreezeDeps, params: Parameters<FreezeDesk["lift"]>[0]): Promise<FreezeAnswer> {
  const { id, cause = null } = params;
  const at = deps.clock.now();
  const by = knownAs(deps.policy, params.by);
  const reason = params.reason.trim().slice(0, longestReason);
  const freeze = await deps.freezes.lift({ id, lifted: { by, at, reason, cause } });
  if (freeze === null) return notFound(id);
  if (freeze.lifted?.at === at && freeze.lifted.by.name === by.name)
    deps.log.info({ freeze: id, services: freeze.services, reason, by: by.name }, "A freeze is lifted");
  return { ok: true, freeze, message: liftedAnswer(freeze, { at, left: await leftOver(deps, freeze) }) };
}

/** What still stands over the services that a freeze covered. */
async function leftOver(deps: FreezeDeps, freeze: Freeze): Promise<readonly StandingFreeze[]> {
  const over = await standingFreezes(deps);
  const covered = (await deps.store.services()).filter(({ key }) => covers(freeze, key));
  return covered.flatMap(({ key }) => over(key));
}

const withoutReason: FreezeAnswer = {
  ok: false,
  code: "freeze-without-reason",
  message: "A freeze says why: everybody whose release it refuses reads it. Nothing was frozen.",
  next: 'gantry freeze on SERVICE --reason "why"',
};

const endsEarly: FreezeAnswer = {
  ok: false,
  code: "freeze-ends-early",
  message: "The freeze would end before it begins. Nothing was frozen.",
  next: "gantry freeze on SERVICE --for 4h --reason TEXT",
};

function coversNothing(services: string): FreezeAnswer {
  const message = `Gantry looks after no service "${services.slice(0, 200)}", so nothing was frozen.`;
  return { ok: false, code: "freeze-covers-nothing", message, next: "gantry status" };
}

function notFound(id: string): FreezeAnswer {
  const message = `There is no freeze ${id.slice(0, 60)}; freezes of the policy are lifted in gantry.policy.yaml.`;
  return { ok: false, code: "freeze-not-found", message, next: "gantry freeze list" };
}
