import { status } from "@grpc/grpc-js";
import type { Operation, OperationSource } from "../grpc/operations-service.ts";
import type { MessagePacker } from "../grpc/packed-message.ts";
import { RpcError } from "../grpc/rpc-error.ts";
import { parentName } from "./control/resource-names.ts";
import type { ServiceKey } from "./control/service-records.ts";

const KEPT_OPERATIONS = 200;

/** What an operation is about; the message of the API that it carries has this type. */
type OperationSubject = "service" | "revision";

/** A long-running operation as it is kept, also over a restart. */
export type OperationRecord = Readonly<{
  name: string;
  key: ServiceKey;
  subject: OperationSubject;
  /** The message at the start, and at the end what came of it. */
  metadata: object;
  /** True when the fault board says that it never ends. */
  isStuck: boolean;
  /** True when the fault board says that nobody finds it. */
  isLost: boolean;
  outcome: OperationOutcome | null;
}>;

export type OperationOutcome =
  | Readonly<{ ok: true; response: object }>
  | Readonly<{ ok: false; code: number; message: string; metadata: object }>;

export type OperationLogOptions = Readonly<{
  packers: Readonly<Record<OperationSubject, MessagePacker>>;
  onChange: () => void;
  records: readonly OperationRecord[];
}>;

/** The operations of the local Cloud Run; finished ones are kept until many newer ones have come. */
export class OperationLog implements OperationSource {
  readonly #options: OperationLogOptions;
  readonly #records = new Map<string, OperationRecord>();
  readonly #watchers = new Map<string, (() => void)[]>();

  constructor(options: OperationLogOptions) {
    this.#options = options;
    for (const record of options.records) this.#records.set(record.name, record);
  }

  records(): readonly OperationRecord[] {
    return [...this.#records.values()];
  }

  add(record: OperationRecord): Operation {
    this.#records.set(record.name, record);
    const oldest = this.records().find(({ outcome }) => outcome !== null);
    if (this.#records.size > KEPT_OPERATIONS && oldest !== undefined) this.#records.delete(oldest.name);
    this.#options.onChange();
    return this.#view(record);
  }

  /** Ends every open operation of a service with the same outcome: a newer write takes over what an older one began. */
  finish(key: ServiceKey, outcome: OperationOutcome): void {
    for (const record of this.records()) {
      const isOpen = record.outcome === null && !record.isStuck;
      if (!isOpen || record.key.service !== key.service || parentName(record.key) !== parentName(key))
        continue;
      this.#records.set(record.name, { ...record, outcome });
      for (const wake of this.#watchers.get(record.name) ?? []) wake();
      this.#watchers.delete(record.name);
    }
    this.#options.onChange();
  }

  find(name: string): Operation | null {
    const record = this.#records.get(name);
    if (record === undefined) return null;
    if (record.isLost) throw new RpcError(status.NOT_FOUND, `Operation '${name}' was not found.`);
    return this.#view(record);
  }

  list(parent: string): readonly Operation[] {
    const found = this.records().filter(({ name, isLost }) => name.startsWith(`${parent}/`) && !isLost);
    return found.reverse().map((record) => this.#view(record));
  }

  wait(name: string, timeoutMs: number): Promise<void> {
    const record = this.#records.get(name);
    if (record === undefined || record.outcome !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      timer.unref();
      const wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#watchers.set(name, [...(this.#watchers.get(name) ?? []), wake]);
    });
  }

  #view({ name, subject, metadata, outcome }: OperationRecord): Operation {
    const pack = this.#options.packers[subject];
    if (outcome === null) return { name, metadata: pack(metadata), done: false };
    if (outcome.ok)
      return { name, metadata: pack(outcome.response), done: true, response: pack(outcome.response) };
    const error = { code: outcome.code, message: outcome.message };
    return { name, metadata: pack(outcome.metadata), done: true, error };
  }
}
