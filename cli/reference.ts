import type { Command } from "commander";
import { exitCodeMeanings } from "./exit-code.ts";

const introduction = `\`gantry\` writes data to stdout and everything else to stderr. With \`--json\` it writes one JSON document (one object a line
where it follows something), and errors as \`{"error": {"code", "message", "traffic", "why", "next", "exitCode"}}\` on stderr;
the codes are in [errors.md](../errors.md). Times are local with their zone; in JSON they are milliseconds since 1970 UTC,
or ISO 8601 in the lines of \`--watch\` and \`--wait\`. Off a terminal, or with \`NO_COLOR\`, nothing is coloured, and nothing is ever drawn again.

Which server is asked: \`--url\` and \`--token\`, else \`GANTRY_URL\` and \`GANTRY_TOKEN\`, else the \`.gantry/dev.json\` that a
running \`gantry dev\` keeps in this folder or in one above. The token of that file is sent to that server only.`;

/** The page docs/reference/cli.md, from the program itself. */
export function cliReference(program: Command): string {
  const codes = exitCodeMeanings.map(([code, meaning]) => `| ${code} | ${meaning} |`);
  return [
    "---\npurpose: reference\n---",
    "<!-- Written from the program in cli/ by `UPDATE_DOCS=1 npx mocha cli/reference.test.ts`. -->",
    "# gantry, the command line",
    introduction,
    `## Exit codes\n\n| code | meaning |\n| --- | --- |\n${codes.join("\n")}`,
    ...verbsOf(program, program.name()).map(section),
  ]
    .join("\n\n")
    .concat("\n");
}

type Named = Readonly<{ name: string; command: Command }>;

/** Every command that does something, with all its words. */
function verbsOf(command: Command, name: string): readonly Named[] {
  return command.commands.flatMap((child) => {
    const full = `${name} ${child.name()}`;
    return child.commands.length === 0 ? [{ name: full, command: child }] : verbsOf(child, full);
  });
}

function section({ name, command }: Named): string {
  return `## ${name}\n\n\`\`\`text\n${helpOf(command).trimEnd()}\n\`\`\``;
}

/** What \`--help\` prints, with its example. */
function helpOf(command: Command): string {
  let text = "";
  const before = command.configureOutput();
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  command.configureOutput(before);
  return text;
}
