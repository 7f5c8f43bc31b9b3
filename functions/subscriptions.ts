import { type EventHandler, type Subscription, topics } from "../shared/ports/bus.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { build } from "./build.ts";
import { deploy } from "./deploy.ts";
import { notify } from "./notify.ts";
import { rollback } from "./rollback.ts";
import { rollout } from "./rollout.ts";
import { sweep } from "./sweep.ts";
import { verify } from "./verify.ts";
import { warmup } from "./warmup.ts";

/** The ack deadline of a push subscription is 600 s at most (Pub/Sub, `ackDeadlineSeconds`). */
const ackDeadlineMs = 600_000;

/** A request that cannot be read is given up soon. */
const maxAttempts = 5;

/** Who clicked is asked of the chat: a minute of its silence loses no click, and none is carried out long after. */
const maxClickAttempts = 10;

/** A hand-off only says where to look, and a process that is restarted often is no reason to give it up. */
const maxHandOffAttempts = 50;

function subscription(name: string, topic: string, handler: EventHandler): Subscription {
  return { name, topic, handler, ackDeadlineMs, maxAttempts, minBackoffMs: 200, maxBackoffMs: 30_000 };
}

function handOff(name: string, topic: string, handler: EventHandler): Subscription {
  return { ...subscription(name, topic, handler), maxAttempts: maxHandOffAttempts };
}

/** Which function hears of which topic: the whole of how a release is handed on. */
export function subscriptions(deps: Deps): readonly Subscription[] {
  return [
    subscription("build-releases", topics.releases, build(deps)),
    handOff("build-work", topics.work.build, build(deps)),
    subscription("deploy-builds", topics.builds, deploy(deps)),
    handOff("deploy-work", topics.work.deploy, deploy(deps)),
    handOff("verify-work", topics.work.verify, verify(deps)),
    handOff("rollout-work", topics.work.rollout, rollout(deps)),
    handOff("rollback-work", topics.work.rollback, rollback(deps)),
    handOff("warmup-work", topics.work.warmup, warmup(deps)),
    ...(deps.chat === null && deps.forge === null ? [] : sayingSubscriptions(deps)),
    subscription("sweep-clock", topics.sweep, sweep(deps)),
    subscription("warmup-clock", topics.warmup, warmup(deps)),
  ];
}

/** Only where there is a chat or a forge: a fact that Gantry itself does nothing with costs a delivery each time. */
function sayingSubscriptions(deps: Deps): readonly Subscription[] {
  return [
    subscription("notify-facts", topics.events, notify(deps)),
    { ...subscription("notify-commands", topics.commands, notify(deps)), maxAttempts: maxClickAttempts },
    handOff("notify-again", topics.notify, notify(deps)),
  ];
}
