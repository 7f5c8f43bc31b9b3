import { status } from "@grpc/grpc-js";
import { type GrpcService, unary } from "./grpc-server.ts";
import type { PackedMessage } from "./packed-message.ts";
import { type ProtoDefinitions, serviceDefinition } from "./proto-definitions.ts";
import { RpcError } from "./rpc-error.ts";

/** A `google.longrunning.Operation` as it goes on the wire: `done` comes with either `error` or `response`. */
export type Operation = Readonly<{
  name: string;
  metadata: PackedMessage;
  done: boolean;
  error?: Readonly<{ code: number; message: string }>;
  response?: PackedMessage;
}>;

/** Where operations live. Several emulators may answer on one port, each for its own names. */
export interface OperationSource {
  /** The operation, or null when this source does not know the name. @throws RpcError when it must not be answered. */
  find(name: string): Operation | null;
  /** The operations whose names begin with this parent, newest first. */
  list(parent: string): readonly Operation[];
  /** Resolves when the operation is done, or after the time has passed, whichever comes first. */
  wait(name: string, timeoutMs: number): Promise<void>;
}

type NamedRequest = Readonly<{ name?: string }>;
type WaitRequest = NamedRequest & Readonly<{ timeout?: Readonly<{ seconds?: string }> }>;

const DEFAULT_WAIT_SECONDS = 30;

function findOperation(sources: readonly OperationSource[], name: string): Operation {
  for (const source of sources) {
    const operation = source.find(name);
    if (operation !== null) return operation;
  }
  throw new RpcError(status.NOT_FOUND, `Operation '${name}' was not found.`);
}

/** `google.longrunning.Operations` with Get, List and Wait. It must be on the same port as the API that starts operations. */
export function operationsService(
  definitions: ProtoDefinitions,
  sources: readonly OperationSource[],
): GrpcService {
  return {
    definition: serviceDefinition(definitions, "google.longrunning.Operations"),
    implementation: {
      GetOperation: unary((request: NamedRequest) => findOperation(sources, request.name ?? "")),
      ListOperations: unary((request: NamedRequest) => {
        const parent = request.name ?? "";
        return { operations: sources.flatMap((source) => source.list(parent)) };
      }),
      WaitOperation: unary(async (request: WaitRequest) => {
        const name = request.name ?? "";
        const timeoutMs = Number(request.timeout?.seconds ?? DEFAULT_WAIT_SECONDS) * 1000;
        await Promise.all(sources.map((source) => source.wait(name, timeoutMs)));
        return findOperation(sources, name);
      }),
    },
  };
}
