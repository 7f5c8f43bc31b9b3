import { type EventHandler, type Subscription, topics } from "../shared/ports/bus.ts";
import type { Deps } from "../shared/usecases/deps.ts";
import { build } from "./build.ts";
import { deploy } from "./deploy.ts";
import { notify } from "./notify.ts";
import { rollback } from "./rollback.ts";
import { rollout } from "./rollout.ts";
import { sweep } from "./sweep.ts";
import { verify } from "./verify.ts";

/** The ack deadline of a push subscription is 600 s at most (Pub/Sub, `ackDeadlineSeconds`). */
const ackDeadlineMs = 600_000;

function subscription(name: string, topic: string, handler: EventHandler): Subscription {
  return { name, topic, handler, ackDeadlineMs, maxAttempts: 5, minBackoffMs: 200, maxBackoffMs: 30_000 };
}

/** Which function hears of which topic: the whole of how a release is handed on. */
export function subscriptions(deps: Deps): readonly Subscription[] {
  return [
    subscription("build-releases", topics.releases, build(deps)),
    subscription("build-work", topics.work.build, build(deps)),
    subscription("deploy-builds", topics.builds, deploy(deps)),
    subscription("deploy-work", topics.work.deploy, deploy(deps)),
    subscription("verify-work", topics.work.verify, verify(deps)),
    subscription("rollout-work", topics.work.rollout, rollout(deps)),
    subscription("rollback-work", topics.work.rollback, rollback(deps)),
    subscription("notify-facts", topics.events, notify(deps)),
    subscription("notify-commands", topics.commands, notify(deps)),
    handOff("notify-again", topics.notify, notify(deps)),
    subscription("sweep-clock", topics.sweep, sweep(deps)),
  ];
}
