import { type BuildFindingCode, buildAdvice } from "./build-finding.ts";
import type { ConfigProblem } from "./problem.ts";
import { type ScriptFindingCode, scriptAdvice } from "./script-advice.ts";
import type { ShellPlace } from "./shell-cursor.ts";

/** A finding of a command before the file is known. `repair` replaces the general one where more can be said. */
export type RawScriptFinding = Readonly<{
  code: ScriptFindingCode | BuildFindingCode;
  place: ShellPlace;
  message: string;
  repair?: string;
}>;

/** One thing that is wrong, or doubtful, in a file that deploys by hand: where, what it means, and what to type. */
export type ScriptFinding = ConfigProblem &
  Readonly<{
    code: ScriptFindingCode | BuildFindingCode;
    severity: "error" | "warning";
    meaning: string;
    repair: string;
  }>;

const advice = { ...buildAdvice, ...scriptAdvice };

/** Gives a finding its file and its advice. */
export function advisedScriptFinding(raw: RawScriptFinding, file: string): ScriptFinding {
  const { code, place, message, repair } = raw;
  const { line, column } = place;
  const general = advice[code];
  return { file, line, column, path: "", message, code, ...general, repair: repair ?? general.repair };
}
