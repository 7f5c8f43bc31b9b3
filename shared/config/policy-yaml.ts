import type { Policy } from "../domain/policy.ts";
import { type ConfigText, parseConfig } from "./parse-config.ts";
import { policyFileSchema } from "./policy-schema.ts";
import type { Result } from "./problem.ts";

/** Reads a `gantry.policy.yaml`; a file with problems gives all of them, in the order of the file, and no policy. */
export function parsePolicy(input: ConfigText): Result<Policy> {
  const parsed = parseConfig(input, policyFileSchema);
  if (!parsed.ok) return { ok: false, problems: parsed.problems };
  const { version: _, ...policy } = parsed.value;
  return { ok: true, value: policy };
}
