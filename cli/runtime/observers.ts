import { createTracing } from "../../shared/adapters/system/step-tracing.ts";
import { silentMeters } from "../../shared/ports/meters.ts";
import type { Deps } from "../../shared/usecases/deps.ts";
import type { EngineOptions } from "./engine.ts";

/** Who is told of what this process does; nobody unless somebody is named. */
export function observers({
  tracing = createTracing(null),
  meters = silentMeters,
}: Pick<EngineOptions, "tracing" | "meters">): Pick<Deps, "tracing" | "meters"> {
  return { tracing, meters };
}
