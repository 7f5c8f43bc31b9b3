import type { Command } from "commander";
import { exitCodes } from "./exit-code.ts";
import { createOutput, harmless } from "./output.ts";
import type { Validation } from "./validation-finding.ts";
import { type Verb, withExample } from "./verb.ts";

type Options = Readonly<{ policy?: string; json?: true }>;

/** `gantry validate [FILE...]` */
export function addValidate(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("validate")
    .description(
      "Check files before anything is released: gantry.yaml with its Cloud Build file, a policy, a Cloud Build file, a deploy script, a plan in Markdown; every problem as file:line:col.",
    )
    .argument("[files...]", "what to check; a gantry.yaml is the default. Nothing in them is run")
    .option("--policy <FILE>", "check the policy too, and whether it allows what the file says")
    .option("--json", "one JSON document on stdout")
    .action(async (files: readonly string[], options: Options) => finish(await validate(io, files, options)));
  withExample(
    command,
    "gantry validate --policy ../operations/gantry.policy.yaml",
    "gantry validate cloudbuild.yaml scripts/deploy.sh DEPLOY.md",
  );
}

async function validate(io: Verb["io"], wanted: readonly string[], options: Options): Promise<number> {
  const { validateFiles } = await import("./validation.ts");
  const out = createOutput(io, { isJson: options.json === true });
  const validation = await validateFiles({ cwd: io.cwd, files: wanted, policy: options.policy ?? null });
  const { files, problems, warnings, notes } = validation;
  const isOk = problems.length === 0;
  if (out.isJson) out.json({ ok: isOk, files, problems, warnings, notes });
  else for (const line of linesOf(validation)) out.line(harmless(line));
  for (const { place, message } of notes) out.note(`note: ${place} ${message}`);
  out.note(summaryOf(validation));
  return isOk ? exitCodes.done : exitCodes.failed;
}

/** In the order of the files and their lines, so that an editor walks through them once. */
function linesOf({ files, problems, warnings }: Validation): readonly string[] {
  const all = [
    ...problems.map((one) => ({ ...one, prefix: "" })),
    ...warnings.map((one) => ({ ...one, prefix: "warning: " })),
  ];
  const order = (file: string) => (files.includes(file) ? files.indexOf(file) : files.length);
  return all
    .sort((a, b) => order(a.file) - order(b.file) || a.line - b.line || a.column - b.column)
    .map(({ place, prefix, message }) => `${place} ${prefix}${message}`);
}

function summaryOf({ files, problems, warnings }: Validation): string {
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const warned = warnings.length === 0 ? "" : `, ${count(warnings.length, "warning")}`;
  if (problems.length === 0) return `${files.join(", ")}: no problem${warned}.`;
  const counted = `${count(problems.length, "problem")}${warned}.`;
  const isOwn = files.some((file) => !/\.(?:sh|bash|zsh|md|markdown)$/i.test(file));
  return isOwn
    ? `${counted} A release with them is refused: nothing is built.`
    : `${counted} Gantry ran none of it; docs/how-to/replace-a-deploy-script.md says what it does instead.`;
}
