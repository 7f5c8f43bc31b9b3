import type { Command } from "commander";
import type { CliIo } from "./cli-io.ts";

/** What a verb gets from the program: the world, and where to leave its exit code. */
export type Verb = Readonly<{ io: CliIo; finish: (exitCode: number) => void }>;

/** Shows lines to type below the help of a verb. */
export function withExample(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText("after", ["", "Example:", ...lines.map((line) => `  $ ${line}`)].join("\n"));
}
