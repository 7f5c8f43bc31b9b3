import type { Figure } from "./figures.ts";
import type { Outcome } from "./isolated-run.ts";

const nameWidth = 46;
const columnWidth = 11;

/** The figures of one benchmark, for a person. */
export function table(params: Readonly<{ name: string; about: string; outcome: Outcome }>): string {
  const { name, about, outcome } = params;
  const seconds = (outcome.tookMs / 1_000).toFixed(1);
  const failure = outcome.failure === null ? [] : [`  FAILED: ${outcome.failure}`];
  const titles = ["p50", "p99", "max", "runs"].map((title) => title.padStart(columnWidth)).join("");
  const rows = outcome.figures.map(row);
  const head = rows.length === 0 ? [] : [`  ${"".padEnd(nameWidth)}${titles}`];
  return ["", `${name}: ${about} (${seconds} s)`, ...failure, ...head, ...rows, ""].join("\n");
}

function row({ name, unit, runs, p50, p99, max, aim }: Figure): string {
  const cell = (value: number | null): string =>
    (value === null
      ? ""
      : `${value.toLocaleString("en", { maximumFractionDigits: 3 })} ${unit}`.trim()
    ).padStart(columnWidth);
  const cells = [cell(p50), cell(p99), cell(max), (runs === 1 ? "" : String(runs)).padStart(columnWidth)];
  return `  ${name.padEnd(nameWidth)}${cells.join("")}${aim === null ? "" : `   aim ${aim}`}`.trimEnd();
}
