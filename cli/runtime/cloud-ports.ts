import type { BuildPort } from "../../shared/ports/build.ts";
import type { ProbePort } from "../../shared/ports/probe.ts";
import type { RunPort } from "../../shared/ports/run.ts";
import type { SourcePort } from "../../shared/ports/source.ts";

/** Everything outside the process that a release touches. */
export type CloudPorts = Readonly<{ run: RunPort; build: BuildPort; source: SourcePort; probe: ProbePort }>;
