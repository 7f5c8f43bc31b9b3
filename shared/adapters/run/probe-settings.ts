import type { protos } from "@google-cloud/run";
import type { Guardrails, ProbeGuard } from "../../domain/release-config.ts";
import type { ProbeSettings } from "../../domain/service-settings.ts";
import type { IContainer } from "./candidate-template.ts";

type IProbe = protos.google.cloud.run.v2.IProbe;

/** What a probe does where a field is left out (`Probe`, k8s.min.proto). */
const defaults = { periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3 } as const;

/** A probe as it is set; null = none is. */
export function probeOf(probe: IProbe | null | undefined): ProbeSettings | null {
  if (!probe) return null;
  const { initialDelaySeconds, periodSeconds, timeoutSeconds, failureThreshold } = probe;
  return {
    ...askedOf(probe),
    initialDelayMs: (initialDelaySeconds ?? 0) * 1000,
    periodMs: (periodSeconds || defaults.periodSeconds) * 1000,
    timeoutMs: (timeoutSeconds || defaults.timeoutSeconds) * 1000,
    failureThreshold: failureThreshold || defaults.failureThreshold,
  };
}

function askedOf({ httpGet, grpc, tcpSocket }: IProbe): Pick<ProbeSettings, "kind" | "path" | "port"> {
  if (httpGet) return { kind: "http", path: httpGet.path || "/", port: httpGet.port || null };
  if (grpc) return { kind: "grpc", path: grpc.service || null, port: grpc.port || null };
  return { kind: "tcp", path: null, port: tcpSocket?.port || null };
}

/** The probes of a service's first deploy, as its guard rails name them. */
export function probeShape({
  probes,
}: Guardrails): Pick<IContainer, "startupProbe" | "livenessProbe" | "readinessProbe"> {
  const { startup = null, liveness = null, readiness = null } = probes ?? {};
  return {
    ...(isSet(startup) ? { startupProbe: firstProbe(startup, startupPace) } : {}),
    ...(isSet(liveness) ? { livenessProbe: firstProbe(liveness, {}) } : {}),
    ...(isSet(readiness) ? { readinessProbe: firstProbe(readiness, {}) } : {}),
  };
}

/** The whole 240 s that Cloud Run gives a container to start (Cloud Run, "Quotas and limits"). */
const startupPace: IProbe = { periodSeconds: 10, failureThreshold: 24 };

function isSet(guard: ProbeGuard | null): guard is ProbeGuard {
  return guard !== null && guard !== "none";
}

function firstProbe(guard: ProbeGuard, pace: IProbe): IProbe {
  if (guard === "tcp") return { ...pace, tcpSocket: {} };
  return guard === "grpc"
    ? { ...pace, grpc: {} }
    : { ...pace, httpGet: { path: guard.slice("http ".length) } };
}
