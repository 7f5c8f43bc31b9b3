import type { Finding } from "./finding.ts";
import type { ReleaseConfig } from "./release-config.ts";
import type { ServiceSettings } from "./service-settings.ts";

/** What Cloud Run says of a template that it is asked to check and not to make. */
export type TemplateTrial =
  | Readonly<{ state: "accepted" }>
  | Readonly<{ state: "refused"; message: string }> // its own words
  | Readonly<{ state: "unknown"; why: string }>;

/** One line of Cloud Run's refusal: what is used up, how much was asked for, and how much there is. */
export type QuotaViolation = Readonly<{ quota: string; requested: number; allowed: number }>;

type QuotaReading = Readonly<{
  live: Readonly<{ settings: ServiceSettings }> | null;
  trial: TemplateTrial;
  gpuQuota: number | null;
}>;

const violation = /([A-Za-z]\w*PerProjectRegion) requested: (\d+) allowed: (\d+)/;

/** The quota that a refusal names; null where it names none. */
export function quotaIn(message: string): QuotaViolation | null {
  const [, quota, requested, allowed] = violation.exec(message) ?? [];
  return quota === undefined ? null : { quota, requested: Number(requested), allowed: Number(allowed) };
}

/** What Cloud Run itself says of the template, and whether stable and candidate find room side by side. */
export function quotaFindings(config: ReleaseConfig, reading: QuotaReading): readonly Finding[] {
  return [...trialFindings(config, reading), ...roomFindings(config, reading)];
}

function trialFindings({ service }: ReleaseConfig, { trial }: QuotaReading): readonly Finding[] {
  switch (trial.state) {
    case "accepted":
      return [];
    case "unknown":
      return [
        {
          severity: "notes",
          code: "template-not-tried",
          message: `Cloud Run could not be asked whether it would take the new revision: ${trial.why}.`,
          next: "",
        },
      ];
    case "refused":
      return [refusal(service.region, trial.message)];
  }
}

function refusal(region: string, message: string): Finding {
  const quota = quotaIn(message);
  if (quota === null)
    return {
      severity: "stops",
      code: "template-refused",
      message: `Cloud Run would refuse the new revision: ${sentence(message)}`,
      next: "change the service as it says, then gantry plan TAG",
    };
  const unit = quota.quota.startsWith("CpuAlloc") ? " thousandths of a vCPU" : "";
  return {
    severity: "stops",
    code: "quota-exceeded",
    message: `The quota ${quota.quota} of ${region} allows ${quota.allowed}${unit} and the service's most instances ask for ${quota.requested}: Cloud Run would refuse the new revision.`,
    next: "lower the service's maximum instances, or ask for quota: https://g.co/cloudrun/gpu-quota",
  };
}

function sentence(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
}

/** The most instances that the service may have (Cloud Run, "Maximum instances": 100 where none is set). */
function mostInstances(config: ReleaseConfig, settings: ServiceSettings | null): number {
  if (settings === null) return config.guardrails.instances?.max ?? 100;
  const caps = [settings.template.instances.max, settings.service.instances.max];
  return Math.min(...caps.map((cap) => cap ?? 100));
}

/** All revisions of a region draw on one GPU quota, so a candidate takes its GPU from what stable may scale to. */
function roomFindings(config: ReleaseConfig, { live, gpuQuota, trial }: QuotaReading): readonly Finding[] {
  const gpu = live === null ? config.guardrails.gpu : live.settings.template.gpu;
  if (gpu === null || live === null || trial.state === "refused") return [];
  if (gpuQuota === null)
    return [
      {
        severity: "notes",
        code: "gpu-room-unknown",
        message: `How many GPUs the quota of ${config.service.region} allows could not be found out, so whether the candidate finds one beside stable is not known.`,
        next: `gcloud beta quotas info list --service=run.googleapis.com --project=${config.service.project}`,
      },
    ];
  const most = mostInstances(config, live.settings);
  const spare = Math.floor(gpuQuota / gpu.count) - most;
  return spare >= 1 ? [] : [tight(config, { gpuQuota, most, left: Math.max(0, most + spare - 1) })];
}

function tight(
  { service }: ReleaseConfig,
  { gpuQuota, most, left }: Readonly<{ gpuQuota: number; most: number; left: number }>,
): Finding {
  const meanwhile =
    left === 0
      ? "stable and candidate cannot run at the same time: whichever has an instance keeps the other from starting one"
      : `while the candidate is tried it takes one, and stable can scale to ${left} only; at more load than that, requests wait or are refused (429)`;
  return {
    severity: "warns",
    code: "gpu-room",
    message: `The GPU quota of ${service.region} is ${gpuQuota} and the service may use ${most}: ${meanwhile}.`,
    next: "release while there is little load, or ask for quota: https://g.co/cloudrun/gpu-quota",
  };
}
