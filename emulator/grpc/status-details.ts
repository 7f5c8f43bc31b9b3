import { fromJSON } from "@grpc/proto-loader";
import { serviceDefinition } from "./proto-definitions.ts";

const FIELD_VIOLATION = {
  fields: { field: { type: "string", id: 1 }, description: { type: "string", id: 2 } },
};

const BAD_REQUEST = {
  fields: { fieldViolations: { rule: "repeated", type: "FieldViolation", id: 1 } },
  nested: { FieldViolation: FIELD_VIOLATION },
};

const STATUS = {
  fields: {
    code: { type: "int32", id: 1 },
    message: { type: "string", id: 2 },
    details: { rule: "repeated", type: "google.protobuf.Any", id: 3 },
  },
};

const ANY = { fields: { type_url: { type: "string", id: 1 }, value: { type: "bytes", id: 2 } } };

/** google/rpc/status.proto and error_details.proto as far as they are used; the client packages do not ship the latter. */
const DETAILS_PROTO = {
  nested: {
    google: {
      nested: {
        protobuf: { nested: { Any: ANY } },
        rpc: {
          nested: {
            Status: STATUS,
            BadRequest: BAD_REQUEST,
            Encoding: { methods: { Encode: { requestType: "Status", responseType: "Status", comment: "" } } },
          },
        },
      },
    },
  },
};

let serialize: ((status: object) => Buffer) | null = null;

function statusSerializer(): (status: object) => Buffer {
  const encode = serviceDefinition(fromJSON(DETAILS_PROTO), "google.rpc.Encoding")["Encode"];
  if (encode === undefined) throw new Error("google.rpc.Encoding.Encode is not defined");
  return encode.requestSerialize;
}

/** The bytes of the `grpc-status-details-bin` trailer: a `google.rpc.Status` with one `google.rpc.BadRequest`. */
export function encodeStatus(
  error: Readonly<{
    code: number;
    message: string;
    violations: readonly Readonly<{ field: string; description: string }>[];
  }>,
): Buffer {
  serialize ??= statusSerializer();
  const badRequest = {
    "@type": "type.googleapis.com/google.rpc.BadRequest",
    fieldViolations: error.violations,
  };
  return serialize({ code: error.code, message: error.message, details: [badRequest] });
}
