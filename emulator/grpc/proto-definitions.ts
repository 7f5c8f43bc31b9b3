import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { ServiceDefinition as GrpcServiceDefinition } from "@grpc/grpc-js";
import { fromJSON, type PackageDefinition } from "@grpc/proto-loader";

const require = createRequire(import.meta.url);

/** The services and messages of one Google client package, taken from the protos that ship inside it. */
export type ProtoDefinitions = PackageDefinition;

/**
 * Reads a `protos.json` of a Google package, for example `@google-cloud/run/build/protos/protos.json`. Requests arrive with
 * enums as names, 64-bit integers as strings, and unset fields absent.
 */
export function loadProtoDefinitions(moduleSpecifier: string): ProtoDefinitions {
  const root = JSON.parse(readFileSync(require.resolve(moduleSpecifier), "utf8"));
  return fromJSON(root, { enums: String, longs: String });
}

/** The definition of a service such as `google.cloud.run.v2.Services`. @throws Error when the protos hold no such service. */
export function serviceDefinition(definitions: ProtoDefinitions, name: string): GrpcServiceDefinition {
  const found = definitions[name];
  if (found === undefined || "format" in found) throw new Error(`the protos define no service ${name}`);
  // A service in a package definition maps its methods by name; only messages and enums carry a `format`.
  return Object.fromEntries(Object.entries(found));
}
