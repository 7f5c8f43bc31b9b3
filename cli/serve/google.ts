import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import { googleDoor } from "../runtime/google-door.ts";
import { openGoogleEngine } from "../runtime/google-engine.ts";
import { pushTrust } from "../runtime/push-trust.ts";
import { sweepPaceOf } from "./server-parts.ts";
import type { OpenEngine } from "./serving.ts";

/** State on Firestore, messages on Pub/Sub. */
export const openGoogle: OpenEngine = async ({ server: { google, settings }, usual }) => {
  if (google === null) throw new Error("The settings ask for the embedded engine.");
  const engine = await openGoogleEngine({ ...usual, google });
  const trust = pushTrust({ push: google.push, isEmulated: google.emulators.pubsub !== null }, systemClock);
  return { ...engine, pushes: googleDoor(engine, { trust, pace: sweepPaceOf(settings) }) };
};
