import { z } from "zod";
import { gantryFileSchema } from "./gantry-schema.ts";
import { policyFileSchema } from "./policy-schema.ts";

/** A JSON Schema, draft 7: the newest that the YAML language server of editors reads. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** What an editor needs to know of `gantry.yaml`. Rules that look at several keys are not in it; `validate` has them. */
export function gantrySchema(): JsonSchema {
  return schemaOf(gantryFileSchema, "gantry.yaml: how one Cloud Run service is built, proved and released");
}

/** What an editor needs to know of `gantry.policy.yaml`. */
export function policySchema(): JsonSchema {
  return schemaOf(
    policyFileSchema,
    "gantry.policy.yaml: what the operator allows, and what no gantry.yaml can loosen",
  );
}

function schemaOf(schema: z.ZodType, title: string): JsonSchema {
  const json = z.toJSONSchema(schema, {
    io: "input",
    target: "draft-7",
    override: ({ jsonSchema }) => adapt(jsonSchema),
  });
  return { title, ...json };
}

/** `x-…` keys are allowed in every section, and an empty section is no default worth telling. */
function adapt(json: JsonSchema): void {
  if (json.properties !== undefined && json.additionalProperties === false)
    json.patternProperties = { "^x-": {} };
  if (JSON.stringify(json.default) === "{}") delete json.default;
}
