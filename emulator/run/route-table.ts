import { serviceName } from "./control/resource-names.ts";
import type { EffectiveTarget, ServiceKey } from "./control/service-records.ts";
import { pickRevision, type Route, revisionOfTag } from "./data/traffic-split.ts";
import type { FaultBoard } from "./faults.ts";

/** Which revision answers the next request to a service or a tag. */
export class RouteTable {
  readonly #routes = new Map<string, Route>();
  readonly #random: () => number;
  readonly #faults: FaultBoard;

  constructor(random: () => number, faults: FaultBoard) {
    this.#random = random;
    this.#faults = faults;
  }

  /** Lets the addresses of a service lead to these targets, with a mix of old and new for `lagMs`. */
  move(key: ServiceKey, targets: readonly EffectiveTarget[], lagMs: number): void {
    const before = this.#routes.get(serviceName(key));
    const from = performance.now();
    const previous =
      before === undefined || lagMs <= 0 ? null : { targets: before.targets, from, until: from + lagMs };
    this.#routes.set(serviceName(key), { targets, previous });
  }

  remove(key: ServiceKey): void {
    this.#routes.delete(serviceName(key));
  }

  /** The short name of the revision, or null when nothing leads there. */
  choose(key: ServiceKey, tag: string): string | null {
    const route = this.#routes.get(serviceName(key));
    if (route === undefined) return null;
    if (tag === "") return pickRevision(route, this.#random, performance.now());
    const tagged = revisionOfTag(route, tag);
    if (tagged === null || this.#faults.take("tag-points-elsewhere", key.service) === null) return tagged;
    return this.#otherRevision(route, tagged);
  }

  /** The revision with the largest share that is not the one that the tag names. */
  #otherRevision(route: Route, tagged: string): string {
    const others = route.targets.filter(({ revision }) => revision !== tagged);
    return others.sort((left, right) => right.percent - left.percent)[0]?.revision ?? tagged;
  }
}
