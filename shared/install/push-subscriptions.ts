import { topics } from "../ports/bus.ts";
import type { FunctionName } from "./google-parts.ts";

/** One push subscription of a function, as `functions/subscriptions.ts` has it; a test holds the two together. */
export type PushSubscription = Readonly<{
  name: string;
  function: FunctionName;
  topic: string;
  maxAttempts: number;
  minBackoffMs: number;
  maxBackoffMs: number;
  ackDeadlineSeconds: number;
  /** Only an installation that tells somebody of releases, in Slack or on GitHub, has it. */
  onlyWhereTold: boolean;
}>;

const usual = {
  maxAttempts: 50,
  minBackoffMs: 200,
  maxBackoffMs: 30_000,
  ackDeadlineSeconds: 600,
  onlyWhereTold: false,
} as const;

/** Which function is pushed which topic. */
export const pushSubscriptions: readonly PushSubscription[] = [
  {
    ...usual,
    name: "build-releases",
    function: "build",
    topic: topics.releases,
    maxAttempts: 100,
    maxBackoffMs: 60_000,
  },
  { ...usual, name: "build-work", function: "build", topic: topics.work.build },
  { ...usual, name: "deploy-builds", function: "deploy", topic: topics.builds },
  { ...usual, name: "deploy-work", function: "deploy", topic: topics.work.deploy },
  { ...usual, name: "verify-work", function: "verify", topic: topics.work.verify },
  { ...usual, name: "rollout-work", function: "rollout", topic: topics.work.rollout },
  { ...usual, name: "rollback-work", function: "rollback", topic: topics.work.rollback },
  { ...usual, name: "warmup-work", function: "warmup", topic: topics.work.warmup },
  { ...usual, name: "notify-facts", function: "notify", topic: topics.events, onlyWhereTold: true },
  {
    ...usual,
    name: "notify-commands",
    function: "notify",
    topic: topics.commands,
    maxAttempts: 10,
    onlyWhereTold: true,
  },
  { ...usual, name: "notify-again", function: "notify", topic: topics.notify, onlyWhereTold: true },
  { ...usual, name: "sweep-clock", function: "sweep", topic: topics.sweep },
  { ...usual, name: "warmup-clock", function: "warmup", topic: topics.warmup },
];
