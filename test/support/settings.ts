import type { RevisionSettings, ServiceSettings } from "../../shared/domain/service-settings.ts";
import type { ServiceSnapshot, SettingsReading } from "../../shared/ports/run.ts";

/** What the background removal runs with; give what a test is about. */
export function revisionSettings(of: Partial<RevisionSettings> = {}): RevisionSettings {
  return {
    image: `us-docker.pkg.dev/demo/gantry/api@sha256:${"a".repeat(64)}`,
    gpu: { type: "nvidia-l4", count: 1 },
    zonalRedundancy: false,
    cpu: 8,
    memoryBytes: 32 * 2 ** 30,
    cpuAlwaysAllocated: true,
    startupCpuBoost: true,
    concurrency: 1,
    instances: { min: 0, max: 3 },
    timeoutMs: 600_000,
    executionEnvironment: "gen2",
    serviceAccount: null,
    port: 8080,
    env: [],
    secrets: [],
    probes: {
      startup: {
        kind: "http",
        path: "/health",
        port: null,
        initialDelayMs: 0,
        periodMs: 10_000,
        timeoutMs: 1_000,
        failureThreshold: 24,
      },
      liveness: null,
      readiness: null,
    },
    network: null,
    sidecars: [],
    ...of,
  };
}

/** A service of that template without limits of its own. */
export function serviceSettings(
  template: Partial<RevisionSettings> = {},
  service: Partial<ServiceSettings["service"]> = {},
): ServiceSettings {
  return {
    template: revisionSettings(template),
    service: { instances: { min: null, max: null }, manualInstances: null, ingress: "all", ...service },
  };
}

/** A reading of this service with those settings, last written by nobody in particular. */
export function settingsReading(
  snapshot: ServiceSnapshot,
  settings: ServiceSettings = serviceSettings(),
): SettingsReading {
  return { settings, snapshot, modifiedBy: null };
}
