import { imageGiven } from "./begin-release.ts";
import type { CommandOf } from "./commands.ts";
import { type Decision, events, nothing, refuse } from "./decision.ts";
import { driftInWords, isSameDrift } from "./drift.ts";
import type { ServiceEvent } from "./events.ts";
import { type Finding, mayBegin, stopsInWords } from "./finding.ts";
import type { Timestamp } from "./ids.ts";
import type { Failure, FailureCode, ServiceState } from "./service-state.ts";

/** What a service looks like now is what Gantry left: a release just wrote it, or nobody knew before. */
export function decideSettings(command: CommandOf<"note-settings">, state: ServiceState): Decision {
  const { at, releaseId, settings, serving, lookEveryMs } = command;
  const isKnown = state.left !== undefined && !state.left.isStale;
  if (state.active !== null || isKnown) return nothing;
  return events({ type: "settings-left", at, releaseId, settings, serving, lookEveryMs });
}

/** Somebody else changed the service: that wins, and Gantry waits for a person. Put back by hand, it goes on by itself. */
export function decideChanges(command: CommandOf<"report-changes">, state: ServiceState): Decision {
  const { left, drift, active } = state;
  if (active !== null || left === undefined || left.isStale || left.at !== command.leftAt) return nothing;
  const { releaseId } = left;
  if (command.rows.length === 0)
    return drift === undefined ? nothing : events({ type: "drift-gone", at: command.at, releaseId });
  if (drift !== undefined && isSameDrift(drift.rows, command.rows)) return nothing;
  return events(found(command, left.releaseId));
}

function found(
  { at, rows, by, settings, serving }: Omit<CommandOf<"report-changes">, "type" | "releaseId" | "leftAt">,
  releaseId: ServiceEvent["releaseId"],
): ServiceEvent {
  return { type: "drift-found", at, releaseId, rows, by, settings, serving };
}

/** A person takes what was found for the truth: what waits begins, and what comes is released on top of it. */
export function decideAccept(command: CommandOf<"accept-changes">, state: ServiceState): Decision {
  const { at, by, reason } = command;
  const { left, drift } = state;
  if (left === undefined || drift === undefined)
    return refuse(
      "nothing-to-accept",
      `Nobody changed ${state.key} since Gantry left it, so there is nothing to accept.`,
      `gantry status ${state.key}`,
    );
  return events({ type: "drift-accepted", at, releaseId: left.releaseId, by, reason, rows: drift.rows });
}

/** Why nothing new is released; null = nobody changed the service. */
export function driftRefusal({ key, drift }: ServiceState): Decision | null {
  if (drift === undefined) return null;
  return refuse("service-drifted", driftSentence(drift), `gantry accept ${key} --reason TEXT`);
}

function driftSentence({ rows, by }: Pick<NonNullable<ServiceState["drift"]>, "rows" | "by">): string {
  const who = by === null ? "Somebody" : by;
  return `${who} changed the service since Gantry left it: ${driftInWords(rows)}. Gantry leaves it so and releases nothing until a person accepts it or puts it back.`;
}

/** What was found before the build: the release goes on to it, or ends before it cost anything. */
export function decidePreflight(command: CommandOf<"finish-preflight">, state: ServiceState): Decision {
  const { at, releaseId, findings, changes } = command;
  const { active, left } = state;
  if (active?.id !== releaseId || active.status !== "building" || active.checked === true) return nothing;
  if (changes !== null && changes.rows.length > 0 && left !== undefined) {
    const failure: Failure = { code: "service-drifted", message: driftSentence(changes) };
    return events(
      { type: "preflight-failed", at, releaseId, findings },
      { type: "release-failed", at, releaseId, failure },
      found({ at, ...changes }, left.releaseId),
    );
  }
  if (!mayBegin(findings))
    return events(
      { type: "preflight-failed", at, releaseId, findings },
      { type: "release-failed", at, releaseId, failure: stopped(findings) },
    );
  const permitted = findings.find(({ code }) => code === "guardrail-allowed");
  const { requestedBy: by, allows } = active;
  return events(
    { type: "preflight-passed", at, releaseId, findings },
    ...warned(command),
    ...(permitted === undefined || allows === undefined
      ? []
      : [allowed({ at, releaseId, by, reason: allows.reason, rows: permitted.rows ?? [] })]),
    ...imageGiven(active, state, at),
  );
}

function warned({ at, releaseId, findings }: CommandOf<"finish-preflight">): readonly ServiceEvent[] {
  const warnings = findings.filter(({ severity }) => severity === "warns");
  return warnings.length === 0 ? [] : [{ type: "preflight-warned", at, releaseId, findings: warnings }];
}

function allowed(
  change: Readonly<{ at: Timestamp }> & Omit<Extract<ServiceEvent, { type: "change-allowed" }>, "type">,
): ServiceEvent {
  return { type: "change-allowed", ...change };
}

const codeOf: Partial<Record<Finding["code"], FailureCode>> = { "guardrail-broken": "guardrail-broken" };

function stopped(findings: readonly Finding[]): Failure {
  const stops = findings.filter(({ severity }) => severity === "stops");
  const code = stops.map((finding) => codeOf[finding.code]).find((known) => known !== undefined);
  return { code: code ?? "preflight-stopped", message: stopsInWords(findings) };
}
