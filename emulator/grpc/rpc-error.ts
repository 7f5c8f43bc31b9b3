import { Metadata, type ServerErrorResponse, status } from "@grpc/grpc-js";
import { encodeStatus } from "./status-details.ts";

/** One field of a request and what is wrong with it, as `google.rpc.BadRequest.FieldViolation` carries it. */
export type FieldViolation = Readonly<{ field: string; description: string }>;

/** An error that a local API answers with: a gRPC code, the text, and where a request is at fault its fields. */
export class RpcError extends Error {
  readonly code: number;
  readonly violations: readonly FieldViolation[];

  constructor(code: number, message: string, violations: readonly FieldViolation[] = []) {
    super(message);
    this.name = "RpcError";
    this.code = code;
    this.violations = violations;
  }
}

/** INVALID_ARGUMENT (3) that names every field at fault: `field: description`, one to a line. */
export function invalidArgument(violations: readonly FieldViolation[]): RpcError {
  const text = violations.map(({ field, description }) => `${field}: ${description}`).join("\n");
  return new RpcError(status.INVALID_ARGUMENT, text, violations);
}

/** What goes on the wire for a thrown value; anything but an RpcError is INTERNAL (13) with its message. */
export function errorResponse(error: unknown): ServerErrorResponse {
  if (!(error instanceof RpcError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { name: "Error", code: status.INTERNAL, message, details: message };
  }
  const metadata = new Metadata();
  if (error.violations.length > 0) metadata.set("grpc-status-details-bin", encodeStatus(error));
  return { name: error.name, code: error.code, message: error.message, details: error.message, metadata };
}
