import { z } from "zod";
import { settingsTable } from "../shared/domain/guardrails.ts";
import { harmless } from "./output.ts";

export const settingRowShape = z.looseObject({ setting: z.string(), wanted: z.string(), found: z.string() });

const finding = z.looseObject({
  severity: z.enum(["stops", "warns", "notes"]),
  code: z.string(),
  message: z.string(),
  next: z.string(),
  rows: z.array(settingRowShape).exactOptional(),
});

export const findingsShape = z.array(finding);

type ShownFinding = z.infer<typeof finding>;

/** One finding with its table and what to type. */
export function findingText({ severity, code, message, next, rows = [] }: ShownFinding, tag: string): string {
  const table = settingsTable(rows);
  const todo = next === "" ? "" : next.replaceAll(" TAG", ` ${tag}`);
  return [
    `  ${severity.padEnd(5)}  ${code}: ${harmless(message)}`,
    ...(table === "" ? [] : harmlessLines(table)),
    ...(todo === "" ? [] : [`         Next: ${harmless(todo)}`]),
  ].join("\n");
}

function harmlessLines(table: string): readonly string[] {
  return table.split("\n").map((line) => `         ${harmless(line)}`);
}
