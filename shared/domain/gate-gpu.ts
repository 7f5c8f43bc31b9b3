import type { CheckResult } from "./events.ts";
import { type Answer, parseJson } from "./gate.ts";

/** Where a service says that it computes; `told` is its own word, for messages. */
export type ToldDevice = Readonly<{ kind: "gpu" | "cpu"; told: string }>;

/** What speaks for and against a GPU. */
export type GpuEvidence = Readonly<{
  /** What the revision asks Cloud Run for; null = no GPU. */
  asked: Readonly<{ type: string; count: number }> | null;
  /** Whether Cloud Monitoring has a GPU metric of this revision. */
  measured: boolean;
  /** What the service says by itself; null = nothing. */
  device: ToldDevice | null;
}>;

const name = "gpu";
const limit = "allocated";

/**
 * Whether the candidate has its GPU: its revision asks for one, Cloud Monitoring measures one, and the service does not say
 * that it computes without. A contradiction fails at once. Null = no GPU was measured yet: wait.
 */
export function judgeGpu(evidence: GpuEvidence): CheckResult | null {
  const { asked, measured, device } = evidence;
  if (asked === null) return { name, verdict: "fail", measured: "the revision asks for no GPU", limit };
  const words = `the revision asks for ${asked.count} ${asked.type}`;
  if (device?.kind === "cpu")
    return { name, verdict: "fail", measured: `${words}, but the service says "${device.told}"`, limit };
  if (!measured) return null;
  return { name, verdict: "pass", measured: `${words}, ${seen(device)}`, limit };
}

function seen(device: ToldDevice | null): string {
  const metric = "Cloud Monitoring measures it";
  return device === null ? metric : `${metric}, and the service says "${device.told}"`;
}

/**
 * What is said when the time was over before a GPU was measured. A service that says that it computes on one passes with a
 * warning; one that says nothing has given no evidence.
 */
export function gpuUnmeasured(params: Readonly<{ evidence: GpuEvidence; why: string }>): CheckResult {
  const { evidence, why } = params;
  const judged = judgeGpu(evidence);
  if (judged !== null) return judged;
  const { device } = evidence;
  if (device !== null) {
    const measured = `the service says "${device.told}"`;
    return { name, verdict: "pass", measured, limit, warning: `no GPU metric was seen: ${why}` };
  }
  const measured = `no GPU metric was seen: ${why}; the service does not tell its device`;
  return { name, verdict: "inconclusive", measured, limit };
}

const maxTold = 40;

/** Fields in which services tell their device, at the top of a JSON answer. */
const textFields = ["device", "compute_device", "accelerator"];
const flagFields = ["cuda", "cuda_available", "gpu", "gpu_available"];

/**
 * What an answer says of the device: a field such as `"device": "cuda:0"` or `"cuda_available": false` of its JSON. Null when
 * it says nothing that can be told apart.
 */
export function toldDevice(answer: Answer): ToldDevice | null {
  if (answer.kind !== "answer" || answer.truncated) return null;
  const value = parseJson(answer.body)?.value;
  if (typeof value !== "object" || value === null) return null;
  for (const [field, told] of Object.entries(value)) {
    const kind = kindOf(field.toLowerCase(), told);
    if (kind !== null) return { kind, told: `${field}: ${String(told)}`.slice(0, maxTold) };
  }
  return null;
}

function kindOf(field: string, told: unknown): ToldDevice["kind"] | null {
  if (flagFields.includes(field) && typeof told === "boolean") return told ? "gpu" : "cpu";
  if (!textFields.includes(field) || typeof told !== "string") return null;
  if (/^cpu\b/i.test(told)) return "cpu";
  return /cuda|gpu|nvidia/i.test(told) ? "gpu" : null;
}
