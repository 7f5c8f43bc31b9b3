import { execFile } from "node:child_process";
import { access, readdir, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

/** Where Google's own emulators lie on this machine, and what runs them. */
export type GooglePrograms = Readonly<{ java: string; firestore: string; pubsub: string }>;

/** What of the environment says where to look; as `process.env` has it. */
export type SearchEnvironment = Readonly<{
  PATH?: string | undefined;
  JAVA_HOME?: string | undefined;
  CLOUDSDK_ROOT_DIR?: string | undefined;
}>;

/**
 * Finds the emulators of Firestore and Pub/Sub in the gcloud SDK that is on the PATH (or in CLOUDSDK_ROOT_DIR). What is not
 * there is named in `missing`, with what to type.
 */
export async function findGooglePrograms(
  env: SearchEnvironment,
): Promise<Readonly<{ found: GooglePrograms } | { missing: string }>> {
  const java = await findJava(env);
  if (java === null) return { missing: "no Java is on the PATH (Google's emulators need one, 17 or later)" };
  const root = await findSdk(env);
  if (root === null)
    return { missing: "no gcloud is on the PATH; see https://cloud.google.com/sdk/docs/install" };
  const firestore = await findJar(join(root, "platform", "cloud-firestore-emulator"));
  if (firestore === null)
    return { missing: "`gcloud components install cloud-firestore-emulator` was not run" };
  const pubsub = await findJar(join(root, "platform", "pubsub-emulator", "lib"));
  if (pubsub === null) return { missing: "`gcloud components install pubsub-emulator` was not run" };
  return { found: { java, firestore, pubsub } };
}

async function findJava(env: SearchEnvironment): Promise<string | null> {
  if (env.JAVA_HOME) return firstThere([join(env.JAVA_HOME, "bin", "java")]);
  return firstThere(onPath(env, "java"));
}

/** The folder above `bin/gcloud`; where that is a wrapper that a package manager put elsewhere, gcloud is asked. */
async function findSdk(env: SearchEnvironment): Promise<string | null> {
  if (env.CLOUDSDK_ROOT_DIR) return env.CLOUDSDK_ROOT_DIR;
  const gcloud = await firstThere(onPath(env, "gcloud"));
  if (gcloud === null) return null;
  const beside = dirname(dirname(await realpath(gcloud)));
  if ((await firstThere([join(beside, "platform")])) !== null) return beside;
  const asked = await promisify(execFile)(gcloud, ["info", "--format=value(installation.sdk_root)"]);
  return asked.stdout.trim() || null;
}

function onPath({ PATH = "" }: SearchEnvironment, program: string): readonly string[] {
  const folders = PATH.split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, program));
}

async function firstThere(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if (await isThere(path)) return path;
  return null;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function findJar(folder: string): Promise<string | null> {
  if (!(await isThere(folder))) return null;
  const jar = (await readdir(folder)).find((name) => name.endsWith(".jar"));
  return jar === undefined ? null : join(folder, jar);
}
