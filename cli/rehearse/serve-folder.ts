import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { LocalCloud } from "../../emulator/local-cloud.ts";

/** Sections of `gantry.server.yaml` and of `gantry.policy.yaml`, in place of the usual ones. */
export type ServeFiles = Readonly<{
  settings?: Readonly<Record<string, unknown>>;
  policy?: Readonly<Record<string, unknown>>;
}>;

const usualPolicy = { version: 1, repositories: [{ repository: "*/*", services: ["**"] }] };

/** Writes the two files of a Gantry before this local cloud. Answers where `gantry.server.yaml` lies. */
export async function writeServeFolder(
  folder: string,
  { run, build, monitoring, logging, git, registry }: LocalCloud,
  { settings = {}, policy = {} }: ServeFiles,
): Promise<string> {
  const server = {
    policy: "gantry.policy.yaml",
    database: "gantry.db",
    github: { api: git.url, clone: git.url },
    endpoints: {
      run: `${run.grpc.host}:${run.grpc.port}`,
      build: `${build.grpc.host}:${build.grpc.port}`,
      monitoring: `${monitoring.grpc.host}:${monitoring.grpc.port}`,
      logging: logging.url,
      registry: registry.url,
    },
    pollBuilds: "200ms",
    ...settings,
  };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, server.policy), stringify({ ...usualPolicy, ...policy }));
  const file = join(folder, "gantry.server.yaml");
  await writeFile(file, stringify(server));
  return file;
}
