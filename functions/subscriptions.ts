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

/**
 * What cannot be read is laid aside at once, whatever this says. What fails may succeed once something is back: each try takes
 * up to half a minute, and so does the pause behind it, so that an outage of half an hour loses nothing.
 */
const maxAttempts = 50;

/**
 * A rate limit of the git host lasts an hour at most, and no instance stands still for it: each try ends at once, and the pauses
 * between them, 0.2 s to a minute, add up to an hour and a half.
 */
const requests = { maxAttempts: 100, maxBackoffMs: 60_000 } as const;

/** Who clicked is asked of the chat: a minute of its silence loses no click, and none is carried out long after. */
const maxClickAttempts = 10;

function subscription(name: string, topic: string, handler: EventHandler): Subscription {
  return { name, topic, handler, ackDeadlineMs, maxAttempts, minBackoffMs: 200, maxBackoffMs: 30_000 };
}

/** Which function hears of which topic: the whole of how a release is handed on. */
export function subscriptions(deps: Deps): readonly Subscription[] {
  return [
    { ...subscription("build-releases", topics.releases, build(deps)), ...requests },
    subscription("build-work", topics.work.build, build(deps)),
    subscription("deploy-builds", topics.builds, deploy(deps)),
    subscription("deploy-work", topics.work.deploy, deploy(deps)),
    subscription("verify-work", topics.work.verify, verify(deps)),
    subscription("rollout-work", topics.work.rollout, rollout(deps)),
    subscription("rollback-work", topics.work.rollback, rollback(deps)),
    subscription("warmup-work", topics.work.warmup, warmup(deps)),
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
    subscription("notify-again", topics.notify, notify(deps)),
  ];
}
