import type { CliIo } from "../cli-io.ts";
import { usageComplaint } from "../complaint.ts";
import { type GoogleSettings, googleNames, readGoogleSettings } from "../runtime/google-settings.ts";
import { readServerFiles, type ServerFiles } from "./server-files.ts";
import { readSecrets, type ServerSecrets } from "./server-settings.ts";

/** All that a server is told before it starts; `google` null = the embedded engine. */
export type Server = ServerFiles & Readonly<{ secrets: ServerSecrets; google: GoogleSettings | null }>;

/** Which engines a program has, and which one it takes where the settings name none. */
export type EngineChoice = Readonly<{ usual: "embedded" | "google"; hasEmbedded: boolean }>;

type Asked = Readonly<{ config: string | null; choice: EngineChoice }>;

const defaultFile = "gantry.server.yaml";

/** Reads settings, policy and environment. @throws Complaint that names everything that the environment lacks, at once. */
export async function readServer(
  { config, choice }: Asked,
  { env, cwd }: Pick<CliIo, "env" | "cwd">,
): Promise<Server> {
  const given = config ?? env[googleNames.serverFile] ?? defaultFile;
  const read = await readServerFiles({ server: given, policy: env[googleNames.policyFile] ?? null, cwd });
  const { settings } = read;
  const engine = settings.engine ?? choice.usual;
  if (engine === "embedded" && !choice.hasEmbedded) throw noFile(given);
  const needs = { slack: settings.slack !== undefined, githubApp: settings.github.app !== undefined };
  const secrets = readSecrets(env, needs);
  const google = engine === "google" ? readGoogleSettings(env) : null;
  const missing = [...missingIn(secrets), ...missingIn(google)];
  if ("missing" in secrets || (google !== null && "missing" in google)) throw lacking(missing);
  return { ...read, secrets, google };
}

function missingIn(read: object | Readonly<{ missing: readonly string[] }> | null): readonly string[] {
  return read !== null && "missing" in read ? read.missing : [];
}

function lacking(missing: readonly string[]): Error {
  const names = missing.flatMap((line) => line.match(/\b[A-Z]+_[A-Z_]+\b/g) ?? []);
  return usageComplaint({
    happened: "Gantry does not start: the environment lacks what it needs",
    why: missing.join("\n"),
    next: names.map((name) => `export ${name}=…`),
  });
}

/** What a container writes to its own disk is gone with it. */
function noFile(file: string): Error {
  return usageComplaint({
    happened:
      "Gantry does not start: its settings ask for the embedded engine, which this program does not have",
    why: `${file} says \`engine: embedded\`: state in a file, and the container's files are gone when it stops.`,
    next: ["engine: google   # in the settings, or no such line"],
  });
}

/** Where the state of Google's engine is, for a person to read. */
export function stateOf({ project, database }: GoogleSettings): string {
  return `firestore://${project}/${database}`;
}
