import type { Endpoint } from "../../shared/adapters/google/client-options.ts";

/** Where Gantry's state and messages are on Google Cloud, and who may push. Read from the environment, and only there. */
export type GoogleSettings = Readonly<{
  project: string;
  database: string;
  /** Before the name of every topic but Cloud Build's, so that several installations can share a project. */
  topicPrefix: string;
  /** Google's emulators; null = the real APIs. */
  emulators: Readonly<{ pubsub: Endpoint | null; firestore: Endpoint | null }>;
  /** Whose token a push must carry. Null = nobody's: only where the emulator pushes, which signs nothing. */
  push: PushIdentity | null;
  /** Where `gantry.server.yaml` and the policy lie; null = as the command line or the server's settings say. */
  files: Readonly<{ server: string | null; policy: string | null }>;
  publicUrl: string | null;
}>;

/** `keysUrl`: of a signer that stands in for Google before the emulator; null = Google's own keys. */
export type PushIdentity = Readonly<{ account: string; audience: string; keysUrl: string | null }>;

export const googleNames = {
  project: "GOOGLE_CLOUD_PROJECT",
  database: "GANTRY_FIRESTORE_DATABASE",
  topicPrefix: "GANTRY_TOPIC_PREFIX",
  serverFile: "GANTRY_SERVER_FILE",
  policyFile: "GANTRY_POLICY_FILE",
  publicUrl: "GANTRY_PUBLIC_URL",
  pushAccount: "GANTRY_PUSH_ACCOUNT",
  pushAudience: "GANTRY_PUSH_AUDIENCE",
  pushKeys: "GANTRY_PUSH_KEYS", // looked at only beside the emulator
  pubsubEmulator: "PUBSUB_EMULATOR_HOST",
  firestoreEmulator: "FIRESTORE_EMULATOR_HOST",
} as const;

type Env = Readonly<Record<string, string | undefined>>;

/** The settings, or every variable that is missing or malformed, each with what it is for. */
export function readGoogleSettings(env: Env): GoogleSettings | Readonly<{ missing: readonly string[] }> {
  const given = (name: string): string | null => env[name]?.trim() || null;
  const project = given(googleNames.project);
  const topicPrefix = given(googleNames.topicPrefix) ?? "";
  const pubsub = endpointOf(given(googleNames.pubsubEmulator));
  const firestore = endpointOf(given(googleNames.firestoreEmulator));
  const missing = [
    ...(project === null ? [`${googleNames.project}: the project that Gantry runs in`] : []),
    ...(/^[A-Za-z]?[A-Za-z0-9._-]{0,60}$/.test(topicPrefix)
      ? []
      : [`${googleNames.topicPrefix}: letters, digits, and . _ -, beginning with a letter`]),
    ...(pubsub === "malformed" ? [`${googleNames.pubsubEmulator}: host:port`] : []),
    ...(firestore === "malformed" ? [`${googleNames.firestoreEmulator}: host:port`] : []),
  ];
  if (project === null || pubsub === "malformed" || firestore === "malformed" || missing.length > 0)
    return { missing };
  return {
    project,
    topicPrefix,
    database: given(googleNames.database) ?? "(default)",
    emulators: { pubsub, firestore },
    push: readPushIdentity(env, pubsub !== null),
    files: { server: given(googleNames.serverFile), policy: given(googleNames.policyFile) },
    publicUrl: given(googleNames.publicUrl),
  };
}

/** Null unless both account and audience are named. */
export function readPushIdentity(env: Env, isEmulated: boolean): PushIdentity | null {
  const account = env[googleNames.pushAccount]?.trim();
  const audience = env[googleNames.pushAudience]?.trim();
  if (!account || !audience) return null;
  return { account, audience, keysUrl: isEmulated ? env[googleNames.pushKeys]?.trim() || null : null };
}

function endpointOf(text: string | null): Endpoint | "malformed" | null {
  if (text === null) return null;
  const [, host, port] = /^([A-Za-z0-9.-]+):([0-9]{1,5})$/.exec(text) ?? [];
  return host && port ? { host, port: Number(port), insecure: true } : "malformed";
}
