import { VirtualGoogle, type VirtualOptions } from "./virtual-google.ts";

/** Everything that was done to the cloud, without the names of who did it, and how the release stands. */
export type Told = Readonly<{
  statuses: readonly string[];
  builds: readonly number[]; // how often each attempt of each release was built
  writes: readonly string[]; // every update of the service that Cloud Run took
  deadLetters: readonly string[];
  commits: number;
}>;

/** Plays one release to its end, and `thenMs` further. @throws Error when it does not end, or a promise is broken. */
export async function played(
  options: VirtualOptions,
  thenMs = 0,
): Promise<Readonly<{ told: Told; world: VirtualGoogle }>> {
  const world = new VirtualGoogle(options);
  world.push("v1.0.0");
  await world.rest();
  const { version } = await world.store.load(world.service);
  await world.pass(thenMs);
  const after = await world.store.load(world.service);
  await world.check();
  const told = {
    statuses: world.records.map(({ status }) => status),
    builds: [...world.build.counts().values()],
    writes: world.run.log.map(({ text }) => text.replace(/^\S+ /, "")),
    deadLetters: world.deadLetters,
    commits: after.version - version,
  };
  return { told, world };
}

const together = 6;

/** Does it for each, a few at a time; answers what was thrown, after the names of what it was thrown for. */
export async function troublesOf<T>(
  all: readonly T[],
  nameOf: (one: T) => string,
  work: (one: T) => Promise<void>,
): Promise<readonly string[]> {
  const left = [...all];
  const troubles: string[] = [];
  const lane = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift())
      try {
        await work(one);
      } catch (error) {
        troubles.push(`${nameOf(one)}: ${error instanceof Error ? error.message : error}`);
      }
  };
  await Promise.all(Array.from({ length: together }, lane));
  return troubles;
}
