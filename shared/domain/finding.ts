import type { SettingRow } from "./guardrails.ts";
import type { Actor } from "./service-state.ts";

/** `stops`: the release would fail, so it is not begun. `warns`: it may. `notes`: good to know. */
export type Severity = "stops" | "warns" | "notes";

/** What the preflight can find; each has a heading in docs/errors.md. */
export type FindingCode =
  | "guardrail-broken"
  | "guardrail-allowed"
  | "service-drifted"
  | "account-not-allowed"
  | "first-deploy"
  | "traffic-split"
  | "traffic-broken"
  | "traffic-remnant"
  | "traffic-on-latest"
  | "traffic-was-pinned"
  | "gpu-shape"
  | "gpu-zonal-redundancy"
  | "gpu-room"
  | "gpu-room-unknown"
  | "memory-for-cpu"
  | "quota-exceeded"
  | "template-refused"
  | "template-not-tried"
  | "revision-minimum"
  | "probe-ready-too-early"
  | "startup-budget"
  | "connection-missing"
  | "connection-differs"
  | "connection-unknown"
  | "image-repository-missing"
  | "image-repository-unknown"
  | "secret-missing"
  | "secret-unknown"
  | "secret-latest";

/** What happens to a release before its build, and what is found of its guard rails after the deploy. */
export interface PreflightEventMap {
  "preflight-passed": { findings: readonly Finding[] };
  "preflight-warned": { findings: readonly Finding[] }; // the warnings among them, for those who follow
  "preflight-failed": { findings: readonly Finding[] };
  "change-allowed": { by: Actor; reason: string; rows: readonly SettingRow[] };
  "guardrail-broken": { rows: readonly SettingRow[] };
}

/** One thing that was found before a release: what it means, and what to type. */
export type Finding = Readonly<{
  severity: Severity;
  code: FindingCode;
  message: string; // a sentence
  next: string; // a command, or what to change where; empty = nothing to do
  rows?: readonly SettingRow[];
}>;

const order: readonly Severity[] = ["stops", "warns", "notes"];

/** The gravest first; among equals as they were found. */
export function byGravity(findings: readonly Finding[]): readonly Finding[] {
  return order.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

/** Whether a release may begin with these findings. */
export function mayBegin(findings: readonly Finding[]): boolean {
  return findings.every(({ severity }) => severity !== "stops");
}

/** The findings that stop a release as one sentence each. */
export function stopsInWords(findings: readonly Finding[]): string {
  return findings
    .filter(({ severity }) => severity === "stops")
    .map(({ message, next }) => (next === "" ? message : `${message} Next: ${next}`))
    .join(" ");
}
