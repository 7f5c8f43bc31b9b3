import { learntReleases } from "../domain/gate-cold-start.ts";
import type { ServiceKey } from "../domain/ids.ts";
import type { Store } from "../ports/store.ts";

/** Releases that are looked through for good ones. */
const lookedAt = 50;

/**
 * The gate comes early: before it are the looks at a build, and behind it a watch that may have gone on for weeks. Where the build
 * took more looks than this, nothing is learnt of it.
 */
const firstEvents = 300;

/** The cold starts that the last good releases of a service showed at their gates, newest first, at most ten. */
export async function learntColdStarts({
  store,
  service,
}: Readonly<{ store: Pick<Store, "releases" | "releaseEvents">; service: ServiceKey }>): Promise<
  readonly number[]
> {
  const releases = await store.releases({ service, limit: lookedAt, before: null });
  const good = releases.filter(({ status }) => status === "live").slice(0, learntReleases);
  const measured = await Promise.all(
    good.map(async ({ id }) => {
      const events = await store.releaseEvents(id, { first: firstEvents });
      return events.flatMap(({ event }) =>
        event.type === "gate-passed" && event.coldStartMs !== undefined ? [event.coldStartMs] : [],
      );
    }),
  );
  return measured.flatMap((of) => of.slice(-1));
}
