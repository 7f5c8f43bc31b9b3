import type { Command } from "commander";
import { exitCodes } from "./exit-code.ts";
import { createOutput, harmless } from "./output.ts";
import { type Verb, withExample } from "./verb.ts";

type Options = Readonly<{ policy?: string; json?: true }>;

/** `gantry validate [FILE]` */
export function addValidate(parent: Command, { io, finish }: Verb): void {
  const command = parent
    .command("validate")
    .description(
      "Check a gantry.yaml with its Cloud Build file, or a policy; every problem as file:line:col.",
    )
    .argument("[file]", "a gantry.yaml (the default), or a policy whose name ends in .policy.yaml")
    .option("--policy <FILE>", "check the policy too, and whether it allows what the file says")
    .option("--json", "one JSON document on stdout")
    .action(async (file: string | undefined, options: Options) => finish(await validate(io, file, options)));
  withExample(command, "gantry validate --policy ../operations/gantry.policy.yaml");
}

async function validate(io: Verb["io"], file: string | undefined, options: Options): Promise<number> {
  const { validateFiles } = await import("./validation.ts");
  const out = createOutput(io, { isJson: options.json === true });
  const { files, problems, notes } = await validateFiles({
    cwd: io.cwd,
    file: file ?? null,
    policy: options.policy ?? null,
  });
  const isOk = problems.length === 0;
  if (out.isJson) out.json({ ok: isOk, files, problems, notes });
  for (const { place, message } of out.isJson ? [] : problems) out.line(harmless(`${place} ${message}`));
  for (const { place, message } of notes) out.note(`note: ${place} ${message}`);
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  out.note(
    isOk ? `${files.join(", ")}: no problem.` : `${count}. A release with them is refused: nothing is built.`,
  );
  return isOk ? exitCodes.done : exitCodes.failed;
}
