import type { Finding } from "./finding.ts";
import { probeWords, secondsWords } from "./guardrails.ts";
import type { ReleaseConfig } from "./release-config.ts";
import { type ProbeSettings, type RevisionSettings, startupBudgetMs } from "./service-settings.ts";

/** A container has this long to start, whatever its probe says (Cloud Run, "Quotas and limits"). */
const longestStartupMs = 240_000;

/** Paths that by their name tell of health: a check of one of them is a check of the application. */
const healthPath = /health|ready|live|status|ping|model/i;

/** Whether the startup probe can answer before the model is loaded, and whether the time to load it is enough. */
export function probeFindings(config: ReleaseConfig, template: RevisionSettings | null): readonly Finding[] {
  const guarded = config.guardrails.probes?.startup ?? null;
  if (template === null) return guarded === null || guarded === "tcp" ? early(config, "tcp") : [];
  const { startup } = template.probes;
  return [...earlyFinding(config, startup), ...budgetFindings(config, startup)];
}

function earlyFinding(config: ReleaseConfig, probe: ProbeSettings | null): readonly Finding[] {
  if (probe === null || probe.kind === "tcp") return early(config, "tcp");
  if (probe.kind === "grpc") return [];
  const path = probe.path ?? "/";
  const isChecked = config.verify.checks.some((check) => check.path === path && check.method === "GET");
  return isChecked || healthPath.test(path) ? [] : early(config, probeWords(probe));
}

function early({ service, verify, guardrails }: ReleaseConfig, kind: string): readonly Finding[] {
  const isSlowToStart = verify.coldStart !== null || guardrails.gpu !== null;
  if (!isSlowToStart) return [];
  const health = verify.checks.find(({ method, path }) => method === "GET" && healthPath.test(path));
  const path = health?.path ?? "/health";
  const why =
    kind === "tcp"
      ? "The startup probe only waits for an open port, which is Cloud Run's default"
      : `The startup probe asks ${kind}, which is no check of gantry.yaml and does not sound like one of health`;
  return [
    {
      severity: "warns",
      code: "probe-ready-too-early",
      message: `${why}. It can pass before the model is loaded, and then requests wait or fail on an instance that Cloud Run takes for ready.`,
      next: `gcloud run services update ${service.name} --startup-probe=httpGet.path=${path},periodSeconds=10,failureThreshold=24 --no-traffic --region=${service.region} --project=${service.project}`,
    },
  ];
}

function budgetFindings({ service, verify }: ReleaseConfig, probe: ProbeSettings | null): readonly Finding[] {
  if (probe === null) return [];
  const budgetMs = startupBudgetMs(probe);
  const next = `gcloud run services update ${service.name} --startup-probe=…,periodSeconds=10,failureThreshold=24 --no-traffic --region=${service.region} --project=${service.project}`;
  if (budgetMs > longestStartupMs) {
    const message = `The startup probe waits ${secondsWords(budgetMs)} in all, and Cloud Run gives a container ${secondsWords(longestStartupMs)} to start: a slower one never becomes ready.`;
    return [{ severity: "warns", code: "startup-budget", message, next }];
  }
  const wanted = verify.coldStart?.withinMs ?? 0;
  if (budgetMs >= wanted) return [];
  const message = `The startup probe gives up after ${secondsWords(budgetMs)}, but verify.coldStart allows ${secondsWords(wanted)}: Cloud Run ends an instance that gantry.yaml still waits for.`;
  return [{ severity: "warns", code: "startup-budget", message, next }];
}
