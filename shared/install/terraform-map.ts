import { topics } from "../ports/bus.ts";
import { firestoreIndexes, timeToLive, unindexed } from "./firestore-indexes.ts";
import {
  apis,
  deadLetterTopic,
  functionParts,
  ownTopics,
  schedule,
  secretParts,
  servicePart,
  slackSecrets,
} from "./google-parts.ts";
import { installedRuntime } from "./node-runtimes.ts";
import { pushSubscriptions } from "./push-subscriptions.ts";
import { allRights, ownRoles, type Place } from "./rights.ts";

/** `infra/gantry.json`: what the Terraform module makes, from the same data as `gantry iam` and `gantry doctor`. */
export function terraformMap(): string {
  const map = {
    note: "Written by `npm run generate` from shared/install; a test holds it to be current.",
    runtime: installedRuntime,
    apis,
    topics: ownTopics,
    cloudBuildTopic: topics.builds,
    deadLetterTopic,
    functions: functionParts,
    service: servicePart,
    subscriptions: pushSubscriptions,
    schedule,
    secrets: secretParts,
    slackSecrets,
    firestore: { indexes: firestoreIndexes, timeToLive, unindexed },
    ownRoles,
    rights: allRights().map(({ component, role, on, why }) => ({ component, role, ...placeOf(on), why })),
  };
  return `${JSON.stringify(map, null, 2)}\n`;
}

function placeOf(on: Place): Readonly<{ kind: string; name: string }> {
  return { kind: on.kind, name: "name" in on ? on.name : "" };
}
