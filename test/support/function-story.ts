import { build } from "../../functions/build.ts";
import { deploy } from "../../functions/deploy.ts";
import { type EventHandler, topics } from "../../shared/ports/bus.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { releaseIdFor } from "../../shared/usecases/release-id.ts";
import { type FunctionHarness, pubSubEvent, releaseRequest, succeeded } from "./function-harness.ts";

/** The release that the first request leads to. */
export const firstRelease = releaseIdFor("github/1");

/** Hands a work call to a function and lets time pass until it is done. */
export function handOver(
  { deps, world, finished }: FunctionHarness,
  of: (deps: Deps) => EventHandler,
  topic: string,
): Promise<void> {
  return finished(of(deps)(pubSubEvent(topic, { service: world.service, work: "any" })));
}

/** A release whose build is started. */
export async function startedRelease({ deps, finished }: FunctionHarness): Promise<void> {
  await finished(build(deps)(pubSubEvent(topics.releases, releaseRequest())));
}

/** A release whose candidate stands at 0 %. */
export async function deployedRelease(harness: FunctionHarness): Promise<void> {
  const { deps, world, finished } = harness;
  await startedRelease(harness);
  world.build = async () => succeeded();
  const notice = { id: "build-1", tags: [`gantry-release-${firstRelease}`] };
  await finished(deploy(deps)(pubSubEvent(topics.builds, notice)));
}
