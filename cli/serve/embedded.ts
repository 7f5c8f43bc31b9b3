import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { startEngine } from "../runtime/engine.ts";
import { readPushIdentity } from "../runtime/google-settings.ts";
import { pushTrust } from "../runtime/push-trust.ts";
import type { OpenEngine } from "./serving.ts";

/** State and messages in this file; pushes are taken from the one account that the environment names. */
export function openEmbedded(file: string): OpenEngine {
  return async ({ env, usual }) => {
    const push = readPushIdentity(env, false);
    const trust = push && pushTrust({ push, isEmulated: false }, systemClock);
    return startEngine({ ...usual, file, ...(trust && { trust }) });
  };
}
