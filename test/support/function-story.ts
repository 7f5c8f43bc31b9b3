import { build } from "../../functions/build.ts";
import { deploy } from "../../functions/deploy.ts";
import { AppError } from "../../shared/ports/app-error.ts";
import { type EventHandler, topics } from "../../shared/ports/bus.ts";
import type { OwedWork, Store } from "../../shared/ports/store.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import { releaseIdFor } from "../../shared/usecases/release-id.ts";
import { workOn } from "../../shared/usecases/run-work.ts";
import {
  type FunctionHarness,
  functionHarness,
  pubSubEvent,
  releaseRequest,
  succeeded,
} from "./function-harness.ts";

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

/** What Cloud Run answers when it is away for a moment. */
export const runAway = (): AppError =>
  new AppError({ code: "run-unavailable", message: "503", transient: true });

/** A release whose image is built; its candidate was to be deployed once, and Cloud Run was away. */
export async function deploying(): Promise<FunctionHarness> {
  const harness = functionHarness();
  const { deps, world, finished } = harness;
  await startedRelease(harness);
  world.build = async () => succeeded();
  world.deploy = () => Promise.reject(runAway());
  await harness.clock.advance(30_000);
  await finished(workOn(deps, "deploy", world.service));
  return harness;
}

/** The first that is owed. */
export async function theWork({ deps, world }: FunctionHarness): Promise<OwedWork | undefined> {
  return (await deps.store.owedWork(world.service))[0];
}

/** The same dependencies with a store that a test changes in places. */
export function withStore(harness: FunctionHarness, changes: Partial<Store>): FunctionHarness["deps"] {
  const { store } = harness.deps;
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(store));
  const bound = Object.fromEntries(methods.map((name) => [name, Reflect.get(store, name).bind(store)]));
  return { ...harness.deps, store: { ...bound, ...changes } as Store };
}
