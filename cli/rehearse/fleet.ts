import { join } from "node:path";
import { createDemoRepository } from "../../emulator/git/demo-repository.ts";
import type { ReleaseId } from "../../shared/domain/ids.ts";
import { rehearsalConfig } from "./rehearsal-config.ts";
import type { Stage } from "./stage.ts";

/** Makes repositories of other teams, each with a service of its own that was never released. Answers with their names. */
export async function foundFleet(stage: Stage, size: number): Promise<readonly string[]> {
  const names = Array.from({ length: size }, (_, index) => `perkie/team-${index + 1}`);
  const { config, goesBad } = rehearsalConfig({});
  for (const repository of names) {
    const name = repository.slice("perkie/".length);
    const service = { project: "perkieprints-processing", region: "us-central1", name };
    await createDemoRepository({
      gitRoot: join(stage.directory, "cloud", "git"),
      cloneDirectory: join(stage.directory, name),
      repository,
      config: { ...config, service },
      ...(goesBad ? { goesBad } : {}),
    });
  }
  return names;
}

/** All of them ask for a release in the same moment. */
export function deployFleet(stage: Stage, repositories: readonly string[]): Promise<readonly ReleaseId[]> {
  const tag = stage.demo.liveTag;
  return Promise.all(
    repositories.map(async (repository) => {
      await stage.command("/releases", { repository, tag });
      const requested = await stage.trail.until(
        (event) => event.type === "release-requested" && event.release.repository === repository,
      );
      return requested.releaseId;
    }),
  );
}
