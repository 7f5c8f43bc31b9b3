import type { protos } from "@google-cloud/run";
import type { ProbeSettings } from "../../domain/service-settings.ts";

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
