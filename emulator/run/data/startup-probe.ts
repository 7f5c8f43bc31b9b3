import { request } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Probe } from "../control/resources.ts";

const FULL_BUDGET_SECONDS = 240;
const DEFAULT_PERIOD_SECONDS = 10;
const DEFAULT_FAILURES = 3;
const MIN_INTERVAL_MS = 20;
const MIN_ATTEMPT_MS = 1000;

/** A startup probe on the local clock. `path` is null for a probe that only opens the port. */
export type ProbePlan = Readonly<{
  path: string | null;
  headers: Readonly<Record<string, string>>;
  initialDelayMs: number;
  intervalMs: number;
  /** A container that has not passed by then has failed. */
  budgetMs: number;
}>;

/** Shrinks a probe so that 240 s become `startupBudgetMs`. */
export function planProbe(probe: Probe, startupBudgetMs: number): ProbePlan {
  const scale = startupBudgetMs / (FULL_BUDGET_SECONDS * 1000);
  const periodSeconds = probe.periodSeconds || DEFAULT_PERIOD_SECONDS;
  const failures = probe.failureThreshold || DEFAULT_FAILURES;
  const totalSeconds = Math.min(
    FULL_BUDGET_SECONDS,
    (probe.initialDelaySeconds ?? 0) + periodSeconds * failures,
  );
  const isHttp = probe.httpGet !== undefined;
  const headers = (probe.httpGet?.httpHeaders ?? []).map(({ name = "", value = "" }) => [name, value]);
  return {
    path: isHttp ? probe.httpGet?.path || "/" : null,
    headers: Object.fromEntries(headers),
    initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1000 * scale,
    intervalMs: isHttp ? Math.max(MIN_INTERVAL_MS, periodSeconds * 1000 * scale) : MIN_INTERVAL_MS,
    budgetMs: Math.max(Math.min(startupBudgetMs, MIN_ATTEMPT_MS), totalSeconds * 1000 * scale),
  };
}

function opens(port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: timeoutMs });
    const finish = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
    socket.once("timeout", () => finish(false));
  });
}

function answers(plan: ProbePlan, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { "user-agent": "kube-probe/", ...plan.headers };
    const probe = request({ host: "127.0.0.1", port, path: plan.path, headers, agent: false });
    const timer = setTimeout(() => probe.destroy(), timeoutMs);
    probe.once("response", ({ statusCode = 0 }) => {
      clearTimeout(timer);
      probe.destroy();
      resolve(statusCode >= 200 && statusCode < 400);
    });
    probe.once("error", () => {
      clearTimeout(timer);
      resolve(false);
    });
    probe.end();
  });
}

/** Whether the container on this port passes its startup probe within the budget; false as soon as `signal` aborts. */
export async function passesStartupProbe(
  plan: ProbePlan,
  port: number,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + plan.budgetMs;
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined);
  await pause(plan.initialDelayMs);
  while (!signal.aborted) {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return false;
    const attemptMs = Math.min(leftMs, MIN_ATTEMPT_MS);
    const isUp = plan.path === null ? await opens(port, attemptMs) : await answers(plan, port, attemptMs);
    if (isUp) return !signal.aborted;
    await pause(Math.min(plan.intervalMs, leftMs));
  }
  return false;
}
