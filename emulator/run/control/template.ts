import type { Container, Probe, RevisionTemplate } from "./resources.ts";

const DEFAULT_CONTAINER_PORT = 8080;
const DEFAULT_CONCURRENCY = 80;
const DEFAULT_MAX_INSTANCES = 100;
const DEFAULT_TIMEOUT_SECONDS = 300;
const STARTUP_SECONDS = 240;

/** The container that receives requests: the one with a port, else the first. */
export function ingressContainer(template: RevisionTemplate): Container {
  const containers = template.containers ?? [];
  return containers.find((container) => (container.ports ?? []).length > 0) ?? containers[0] ?? {};
}

export function containerPort(template: RevisionTemplate): number {
  return ingressContainer(template).ports?.[0]?.containerPort ?? DEFAULT_CONTAINER_PORT;
}

export function concurrencyOf(template: RevisionTemplate): number {
  return template.maxInstanceRequestConcurrency || DEFAULT_CONCURRENCY;
}

export function maxInstancesOf(template: RevisionTemplate): number {
  return template.scaling?.maxInstanceCount || DEFAULT_MAX_INSTANCES;
}

export function minInstancesOf(template: RevisionTemplate): number {
  return template.scaling?.minInstanceCount ?? 0;
}

/** How long a request may take, in milliseconds. */
export function requestTimeoutMs(template: RevisionTemplate): number {
  const { seconds = "0", nanos = 0 } = template.timeout ?? {};
  return Number(seconds) * 1000 + nanos / 1e6 || DEFAULT_TIMEOUT_SECONDS * 1000;
}

/** GPUs that one instance takes. */
export function gpusPerInstance(template: RevisionTemplate): number {
  return Number(ingressContainer(template).resources?.limits?.["nvidia.com/gpu"] ?? 0);
}

function withDefaultProbe(container: Container, port: number): Probe {
  if (container.startupProbe !== undefined) return container.startupProbe;
  return {
    timeoutSeconds: STARTUP_SECONDS,
    periodSeconds: STARTUP_SECONDS,
    failureThreshold: 1,
    tcpSocket: { port },
  };
}

function withContainerDefaults(container: Container, isIngress: boolean): Container {
  const resources = container.resources ?? { cpuIdle: true };
  const limits = { cpu: "1000m", memory: "512Mi", ...resources.limits };
  const filled = { ...container, resources: { ...resources, limits } };
  if (!isIngress) return filled;
  const port = container.ports?.[0]?.containerPort ?? DEFAULT_CONTAINER_PORT;
  const ports = [{ name: "http1", ...container.ports?.[0], containerPort: port }];
  return { ...filled, ports, startupProbe: withDefaultProbe(container, port) };
}

/** The template with what the server fills in. Filling in twice changes nothing. */
export function withTemplateDefaults(template: RevisionTemplate): RevisionTemplate {
  const ingress = ingressContainer(template);
  return {
    ...template,
    scaling: { ...template.scaling, maxInstanceCount: maxInstancesOf(template) },
    timeout: template.timeout ?? { seconds: String(DEFAULT_TIMEOUT_SECONDS) },
    maxInstanceRequestConcurrency: concurrencyOf(template),
    containers: (template.containers ?? []).map((container) =>
      withContainerDefaults(container, container === ingress),
    ),
  };
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, inner]) => [key, canonical(inner)] as const)
    .filter(([, inner]) => !isEmpty(inner))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries);
}

/** Whether two values of the API mean the same: key order and fields at their proto3 default do not count. */
export function isSameValue(left: unknown, right: unknown): boolean {
  return JSON.stringify(canonical(left)) === JSON.stringify(canonical(right));
}

/** Whether two templates describe the same revision, whatever they call it. */
export function isSameConfiguration(left: RevisionTemplate, right: RevisionTemplate): boolean {
  return isSameValue({ ...left, revision: "" }, { ...right, revision: "" });
}
