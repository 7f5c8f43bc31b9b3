import { type EngineOptions, startEngine } from "./engine.ts";
import { type GantryProcess, type HttpOptions, startProcess } from "./gantry-process.ts";

/** Starts the embedded engine, then answers HTTP. Rejects, with nothing left running, when either cannot start. */
export function startGantry({
  engine,
  http,
}: Readonly<{ engine: Omit<EngineOptions, "consoleUrl">; http: HttpOptions }>): Promise<GantryProcess> {
  return startProcess({ open: (given) => startEngine({ ...engine, ...given }), http });
}
