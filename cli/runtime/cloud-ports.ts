import type { BuildPort } from "../../shared/ports/build.ts";
import type { ForgePort } from "../../shared/ports/forge.ts";
import type { ImagesPort } from "../../shared/ports/images.ts";
import type { LogsPort } from "../../shared/ports/logs.ts";
import type { LookupsPort } from "../../shared/ports/lookups.ts";
import type { MetricsPort } from "../../shared/ports/metrics.ts";
import type { ProbePort } from "../../shared/ports/probe.ts";
import type { RunPort } from "../../shared/ports/run.ts";
import type { SourcePort } from "../../shared/ports/source.ts";

/** Everything outside the process that a release touches. */
export type CloudPorts = Readonly<{
  run: RunPort;
  build: BuildPort;
  source: SourcePort;
  /** Null = nobody is told of releases beside their commits. */
  forge: ForgePort | null;
  probe: ProbePort;
  metrics: MetricsPort;
  logs: LogsPort;
  images: ImagesPort;
  lookups: LookupsPort | null;
}>;
