/** Everything that can be made to go wrong, by name, with what it does. */
export const CLOUD_RUN_FAULTS = {
  "update-conflicts":
    "UpdateService answers ABORTED (10) as if somebody had written in between; the etag really changes",
  "update-times-out-but-applied":
    "UpdateService answers DEADLINE_EXCEEDED (4), and the update is carried out",
  "update-times-out-not-applied": "UpdateService answers DEADLINE_EXCEEDED (4), and nothing happens",
  "operation-never-completes":
    "the operation of the next write stays open for ever, though the write is carried out",
  "operation-lost": "GetOperation answers NOT_FOUND (5) for the operation of the next write",
  "stale-read": "GetService answers with the state before the last write",
  "traffic-lag": "trafficStatuses and the proxy follow a finished write only after `ms` milliseconds",
  "revision-never-ready": "the next new revision never becomes ready, and its operation never ends",
  "flaky-start":
    "the next new revision fails its startup check (9) though nothing is wrong; the next write finds it ready",
  unavailable: "every call answers UNAVAILABLE (14)",
  "tag-points-elsewhere": "tag URLs lead to another revision than the API says",
  "gpu-capacity": "the region has no GPU left for a new instance",
  "gpu-quota-lowered": "the region's GPU quota is 0: no write with a GPU is accepted, what runs goes on",
  "gpu-not-allocated": "a new instance comes up without the GPU that its revision asks for",
} as const;

export type CloudRunFaultName = keyof typeof CLOUD_RUN_FAULTS;

/** Faults that hold until they are cleared unless a count is given; the others strike once. */
const STANDING: readonly CloudRunFaultName[] = [
  "traffic-lag",
  "tag-points-elsewhere",
  "gpu-capacity",
  "gpu-quota-lowered",
  "gpu-not-allocated",
];

export type CloudRunFault = Readonly<{
  name: CloudRunFaultName;
  /** Short name of the service that it strikes; absent strikes all. */
  service?: string;
  /** How often it strikes; default 1, and for standing faults no limit. */
  count?: number;
  /** For `traffic-lag`. */
  ms?: number;
}>;

/** A fault that is on, and how often it still strikes; null is no limit. */
export type ActiveFault = Readonly<{
  name: CloudRunFaultName;
  service: string | null;
  left: number | null;
  ms: number;
}>;

const DEFAULT_LAG_MS = 2_000;

export function isFaultName(name: unknown): name is CloudRunFaultName {
  return typeof name === "string" && Object.hasOwn(CLOUD_RUN_FAULTS, name);
}

/** The faults that are switched on. */
export class FaultBoard {
  #active: ActiveFault[] = [];

  set(fault: CloudRunFault): void {
    const { name, service = null, ms = DEFAULT_LAG_MS } = fault;
    const left = fault.count ?? (STANDING.includes(name) ? null : 1);
    this.clear(name, service ?? undefined);
    this.#active.push({ name, service, left, ms });
  }

  /** Switches off one fault, for one service or for all; without a name every fault. */
  clear(name?: CloudRunFaultName, service?: string): void {
    this.#active = this.#active.filter(
      (fault) =>
        (name !== undefined && fault.name !== name) || (service !== undefined && fault.service !== service),
    );
  }

  list(): readonly ActiveFault[] {
    return this.#active;
  }

  /** The fault if it is on for this service, without using it up. */
  peek(name: CloudRunFaultName, service: string): ActiveFault | null {
    return (
      this.#active.find(
        (fault) => fault.name === name && (fault.service === null || fault.service === service),
      ) ?? null
    );
  }

  /** The fault if it is on for this service; it strikes one time less after this. */
  take(name: CloudRunFaultName, service: string): ActiveFault | null {
    const found = this.peek(name, service);
    if (found === null || found.left === null) return found;
    const left = found.left - 1;
    this.#active = this.#active.flatMap((fault) => {
      if (fault !== found) return [fault];
      return left > 0 ? [{ ...fault, left }] : [];
    });
    return found;
  }
}
