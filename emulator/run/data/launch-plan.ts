import { existsSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import type { ProcessImage } from "../../images/process-image.ts";
import type { RevisionRecord, ServiceKey } from "../control/service-records.ts";
import { ingressContainer } from "../control/template.ts";

/** How the child process of one instance is started. */
export type LaunchPlan = Readonly<{
  file: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  port: number;
}>;

/** Absolute paths of the image lie below its root; anything else (a flag, a program of the host) stays as it is. */
function inImage(image: ProcessImage, word: string): string {
  if (!isAbsolute(word)) return word;
  const path = join(image.rootDirectory, word);
  return existsSync(path) ? path : word;
}

function programOf(image: ProcessImage, word: string): string {
  return word === "node" || word.endsWith("/node") ? process.execPath : inImage(image, word);
}

function commandOf(image: ProcessImage, revision: RevisionRecord): readonly string[] {
  const { command = [], args = [] } = ingressContainer(revision.template);
  return [...(command.length > 0 ? command : image.command), ...args];
}

function gpuHints(revision: RevisionRecord, gpus: number): Record<string, string> {
  if (gpus === 0) return {};
  return {
    LOCAL_GPU_COUNT: String(gpus),
    LOCAL_GPU_TYPE: revision.template.nodeSelector?.accelerator ?? "nvidia-l4",
  };
}

function templateEnv(revision: RevisionRecord): Record<string, string> {
  const entries = ingressContainer(revision.template).env ?? [];
  return Object.fromEntries(
    entries.flatMap(({ name, value }) => (name ? [[name, value ?? ""] as const] : [])),
  );
}

/**
 * The environment and command of an instance. Nothing of the host's environment is handed on but a PATH; PORT and the K_
 * variables are Cloud Run's and win over the image and the template. @throws Error when the image has no command.
 */
export function launchPlan(
  image: ProcessImage,
  {
    key,
    revision,
    port,
    gpus,
  }: Readonly<{ key: ServiceKey; revision: RevisionRecord; port: number; gpus: number }>,
): LaunchPlan {
  const [program, ...args] = commandOf(image, revision);
  if (program === undefined) throw new Error(`the image of ${revision.name} has no command`);
  const workingDirectory = ingressContainer(revision.template).workingDir || image.workingDirectory;
  const path = [dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter);
  return {
    file: programOf(image, program),
    args: args.map((word) => inImage(image, word)),
    cwd: join(image.rootDirectory, workingDirectory),
    env: {
      PATH: path,
      HOME: image.rootDirectory,
      ...image.env,
      ...gpuHints(revision, gpus),
      ...templateEnv(revision),
      PORT: String(port),
      K_SERVICE: key.service,
      K_REVISION: revision.name,
      K_CONFIGURATION: key.service,
    },
    port,
  };
}
