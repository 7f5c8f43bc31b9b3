import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import type { BuildFinding } from "../shared/config/build-finding.ts";
import type { ConfigProblem } from "../shared/config/problem.ts";
import type { ScriptFinding } from "../shared/config/script-finding.ts";
import { readYaml } from "../shared/config/yaml-source.ts";
import { Complaint, nothingChanged } from "./complaint.ts";
import { exitCodes } from "./exit-code.ts";

/** Something at a place of a file. `place` is `file:line:col`, the file as seen from the folder of the person. */
export type Finding = Readonly<{
  place: string;
  file: string;
  line: number;
  column: number;
  path: string;
  message: string; // whole, with what it means and what to type
  code: string | null; // stable name of the rule; null = a problem of the form of the file
  meaning: string | null;
  repair: string | null;
}>;

/** Problems make the command fail; warnings and notes do not. Notes are of files that nobody named. */
export type Validation = Readonly<{
  files: readonly string[];
  problems: readonly Finding[];
  warnings: readonly Finding[];
  notes: readonly Finding[];
}>;

/** A text with the name that problems carry. */
export type NamedText = Readonly<{ text: string; file: string }>;

/** Reads a file that a person named. One that cannot be read is a complaint. */
export async function namedText(cwd: string, file: string): Promise<NamedText> {
  const path = resolve(cwd, file);
  try {
    return { text: await readFile(path, "utf8"), file: relative(cwd, path) || file };
  } catch (error) {
    const text = {
      code: "file-unreadable",
      happened: `"${file}" cannot be read`,
      traffic: nothingChanged,
      why: error instanceof Error ? error.message : String(error),
      next: ["gantry validate path/to/gantry.yaml"],
    };
    throw new Complaint(text, exitCodes.usage);
  }
}

/** A problem of the form of a file. */
export function plainFinding({ file, line, column, path, message }: ConfigProblem): Finding {
  const text = path === "" ? message : `${path}: ${message}`;
  const place = `${file}:${line}:${column}`;
  return { place, file, line, column, path, message: text, code: null, meaning: null, repair: null };
}

/** A finding of a rule, with what it means and what to type. */
export function advisedFinding(found: BuildFinding | ScriptFinding): Finding {
  const { code, meaning, repair } = found;
  const message = `${found.message} (${code}). ${meaning} ${repair}`;
  return { ...plainFinding({ ...found, message }), code, meaning, repair };
}

/** A finding at a dotted path such as `rollout.steps[0].traffic`, or at the nearest place above that is written. */
export function findingAt({ text, file }: NamedText, path: string, message: string): Finding {
  const keys = [...path.matchAll(/[^.[\]]+/g)].map(([key]) => (/^\d+$/.test(key) ? Number(key) : key));
  return plainFinding({ file, ...readYaml({ text, file }).positionOf(keys, "key"), path, message });
}

/** Findings of rules, apart by how grave they are. */
export function bySeverity(
  found: readonly (BuildFinding | ScriptFinding)[],
): Readonly<{ problems: readonly Finding[]; warnings: readonly Finding[] }> {
  const of = (severity: "error" | "warning") =>
    found.filter((one) => one.severity === severity).map(advisedFinding);
  return { problems: of("error"), warnings: of("warning") };
}

/** All of several validations; what two of them say of one place in the same words is said once. */
export function together(all: readonly Validation[]): Validation {
  const once = (findings: readonly Finding[]) => [
    ...new Map(findings.map((one) => [`${one.place} ${one.message}`, one])).values(),
  ];
  const problems = once(all.flatMap((one) => one.problems));
  const warnings = once(all.flatMap((one) => one.warnings));
  const said = new Set([...problems, ...warnings].map(({ place, message }) => `${place} ${message}`));
  const notes = once(all.flatMap((one) => one.notes)).filter(
    ({ place, message }) => !said.has(`${place} ${message}`),
  );
  return { files: [...new Set(all.flatMap(({ files }) => files))], problems, warnings, notes };
}
