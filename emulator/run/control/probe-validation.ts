import type { FieldViolation } from "../../grpc/rpc-error.ts";
import type { Container, Probe } from "./resources.ts";

const MAX_STARTUP_DELAY_SECONDS = 240;
const MAX_LIVENESS_DELAY_SECONDS = 3600;

function delayViolations(probe: Probe | undefined, field: string, most: number): FieldViolation[] {
  const delay = probe?.initialDelaySeconds ?? 0;
  if (delay >= 0 && delay <= most) return [];
  return [{ field: `${field}.initial_delay_seconds`, description: `must be between 0 and ${most}` }];
}

function tcpViolations(probe: Probe | undefined, field: string, kind: string): FieldViolation[] {
  if (probe?.tcpSocket === undefined) return [];
  return [{ field: `${field}.tcp_socket`, description: `does not support TCP socket in ${kind} probe` }];
}

/** What is wrong with the probes of a container: only a startup probe may open a TCP socket. */
export function validateProbes(container: Container, field: string): readonly FieldViolation[] {
  return [
    ...delayViolations(container.startupProbe, `${field}.startup_probe`, MAX_STARTUP_DELAY_SECONDS),
    ...delayViolations(container.livenessProbe, `${field}.liveness_probe`, MAX_LIVENESS_DELAY_SECONDS),
    ...tcpViolations(container.livenessProbe, `${field}.liveness_probe`, "liveness"),
    ...tcpViolations(container.readinessProbe, `${field}.readiness_probe`, "readiness"),
  ];
}
