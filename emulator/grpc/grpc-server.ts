import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { errorResponse } from "./rpc-error.ts";

/** One service of an API with its handlers, ready to be put on a server beside others. */
export type GrpcService = Readonly<{
  definition: ServiceDefinition;
  implementation: UntypedServiceImplementation;
}>;

export type GrpcServer = Readonly<{ host: string; port: number; close(): Promise<void> }>;

/** A unary handler from a plain function; what it throws reaches the client with its code and details. */
export function unary<Request, Response>(
  answer: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    new Promise<Response>((resolve) => resolve(answer(call.request))).then(
      (response) => callback(null, response),
      (error: unknown) => callback(errorResponse(error)),
    );
  };
}

function listen(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

/**
 * Serves the APIs in plaintext on one port (0 takes a free one). A method without a handler answers UNIMPLEMENTED (12).
 * @throws Error when the port is taken.
 */
export async function startGrpcServer(
  options: Readonly<{ host: string; port: number; services: readonly GrpcService[] }>,
): Promise<GrpcServer> {
  const server = new Server({ "grpc.max_receive_message_length": 16 * 1024 * 1024 });
  for (const { definition, implementation } of options.services)
    server.addService(definition, implementation);
  const port = await listen(server, `${options.host}:${options.port}`);
  const close = async (): Promise<void> => {
    server.forceShutdown();
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  };
  return { host: options.host, port, close };
}
