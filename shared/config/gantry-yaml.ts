import { createHash } from "node:crypto";
import type { ReleaseConfig } from "../domain/release-config.ts";
import { gantryFileSchema } from "./gantry-schema.ts";
import { type ConfigText, parseConfig } from "./parse-config.ts";
import type { Result } from "./problem.ts";

/**
 * Reads a `gantry.yaml`. The config has every default filled in and every unit converted; a file with problems gives
 * all of them, in the order of the file, and no config.
 */
export function parseGantryYaml(input: ConfigText): Result<ReleaseConfig> {
  const parsed = parseConfig(input, gantryFileSchema);
  if (!parsed.ok) return { ok: false, problems: parsed.problems };
  const { version: _, warmup, ...config } = parsed.value;
  return { ok: true, value: { ...config, warmup: warmup ?? null } };
}

/** The sha256 of a config, in hex: the same for the same settings, however the file was written. */
export function configHash(config: ReleaseConfig): string {
  return createHash("sha256").update(canonicalJson(config)).digest("hex");
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
