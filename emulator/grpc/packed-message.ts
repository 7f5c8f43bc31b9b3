import { type ProtoDefinitions, serviceDefinition } from "./proto-definitions.ts";

/** A `google.protobuf.Any` whose content is already encoded. */
export type PackedMessage = Readonly<{ type_url: string; value: Uint8Array }>;

/** Encodes plain objects of one message type. */
export type MessagePacker = (message: object) => PackedMessage;

/**
 * A packer for the message that `service.method` answers with, for example `google.cloud.run.v2.Services` and `GetService` for
 * `google.cloud.run.v2.Service`. @throws Error when there is no such method.
 */
export function packerOfResponse(
  definitions: ProtoDefinitions,
  { service, method, type }: Readonly<{ service: string; method: string; type: string }>,
): MessagePacker {
  const found = serviceDefinition(definitions, service)[method];
  if (found === undefined) throw new Error(`${service} has no method ${method}`);
  return (message) => ({ type_url: `type.googleapis.com/${type}`, value: found.responseSerialize(message) });
}
