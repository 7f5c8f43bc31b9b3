import { parentName, serviceName } from "./control/resource-names.ts";
import type { ServiceKey, ServiceState } from "./control/service-records.ts";

/** All services with their revisions. Every change is a whole new state, announced to whoever persists it. */
export class ServiceStore {
  readonly #states = new Map<string, ServiceState>();
  /** What a service looked like before its last write, for stale reads. */
  readonly #before = new Map<string, ServiceState>();
  readonly #onChange: () => void;

  constructor(states: readonly ServiceState[], onChange: () => void) {
    this.#onChange = onChange;
    for (const state of states) this.#states.set(serviceName(state.record.key), state);
  }

  find(key: ServiceKey): ServiceState | null {
    return this.#states.get(serviceName(key)) ?? null;
  }

  /** The state before the last write of a user; the present one when there was no write. */
  findStale(key: ServiceKey): ServiceState | null {
    return this.#before.get(serviceName(key)) ?? this.find(key);
  }

  all(): readonly ServiceState[] {
    return [...this.#states.values()];
  }

  /** The services of a project and region, newest first; the location `-` stands for every region. */
  list(parent: Readonly<{ project: string; location: string }>): readonly ServiceState[] {
    const isWanted = ({ key }: ServiceState["record"]): boolean =>
      parent.location === "-" ? key.project === parent.project : parentName(key) === parentName(parent);
    return this.all()
      .filter(({ record }) => isWanted(record))
      .sort((left, right) => right.record.createdAt - left.record.createdAt);
  }

  /** A write by a user. */
  write(state: ServiceState): void {
    const before = this.find(state.record.key);
    if (before !== null) this.#before.set(serviceName(state.record.key), before);
    this.replace(state);
  }

  /** Progress of the control plane itself. */
  replace(state: ServiceState): void {
    this.#states.set(serviceName(state.record.key), state);
    this.#onChange();
  }

  /** Applies a change to the present state; nothing happens when the service is gone. */
  change(key: ServiceKey, change: (state: ServiceState) => ServiceState): void {
    const state = this.find(key);
    if (state !== null) this.replace(change(state));
  }

  remove(key: ServiceKey): void {
    this.#states.delete(serviceName(key));
    this.#before.delete(serviceName(key));
    this.#onChange();
  }
}
