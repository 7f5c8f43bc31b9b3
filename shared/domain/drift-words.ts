import { type DriftEventType, driftInWords } from "./drift.ts";
import type { EventOf } from "./events.ts";
import { type Finding, type PreflightEventMap, stopsInWords } from "./finding.ts";
import { rowsInWords } from "./guardrails.ts";

type Told = DriftEventType | keyof PreflightEventMap;

function warningsInWords(findings: readonly Finding[]): string {
  return findings.map(({ message }) => message).join(" ");
}

/** The facts about preflight, guard rails and what somebody else changed, as words that follow a tag. */
export const driftSentences: { readonly [T in Told]: (event: EventOf<T>) => string } = {
  "preflight-passed": () => "passed the preflight",
  "preflight-warned": ({ findings }) => `goes on with a warning: ${warningsInWords(findings)}`,
  "preflight-failed": ({ findings }) =>
    ["did not pass the preflight", stopsInWords(findings)].filter((text) => text !== "").join(": "),
  "change-allowed": ({ by, reason, rows }) =>
    `${by.name} lets it break a guard rail: ${rowsInWords(rows)}. Why: ${reason}`,
  "guardrail-broken": ({ rows }) => `does not keep the guard rails: ${rowsInWords(rows)}`,
  "settings-left": () => "leaves the service as it wrote it",
  "drift-found": ({ rows, by }) =>
    `the service is not as it was left, so nothing new is released: ${driftInWords(rows)} (${by === null ? "by whom is not told" : `last written by ${by}`})`,
  "drift-gone": () => "the service is as it was left again",
  "drift-accepted": ({ by, reason }) =>
    `${by.name} accepted what was changed by hand${reason === "" ? "" : `: ${reason}`}`,
};
