import type { CloudBuildStep } from "./cloud-build-schema.ts";
import { readShellScript } from "./shell-script.ts";

type Path = readonly (string | number)[];

/** A word of a command, and where it stands within the step. */
export type BuildWord = Readonly<{ text: string; path: Path }>;

/** One command that a step runs, as words; `path` is where it stands within the step. */
export type BuildCommand = Readonly<{ words: readonly BuildWord[]; path: Path }>;

/**
 * The commands of a step, as far as they can be read without a shell: its args after the tool that the image or the
 * entrypoint names, and the commands of a script. Quotes are dropped; what a variable holds is not known.
 */
export function commandsOf({ name, args = [], entrypoint, script }: CloudBuildStep): readonly BuildCommand[] {
  if (script !== undefined) return shellCommands(script, ["script"]);
  const tool = baseName(entrypoint ?? toolOf(name));
  const flag = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
  if (/^(?:ba|da|z)?sh$/.test(tool) && flag >= 0)
    return shellCommands(args[flag + 1] ?? "", ["args", flag + 1]);
  const path = args.length > 0 ? ["args"] : ["name"];
  const words = args.map((text, index) => ({ text, path: ["args", index] }));
  return [{ words: [{ text: tool, path }, ...words], path }];
}

/** `gcr.io/cloud-builders/docker:24` runs docker; Google's SDK images run what their first argument says. */
function toolOf(image: string): string {
  const name = baseName(image).replace(/[:@].*$/, "");
  return /^(?:cloud-sdk|google-cloud-cli)/.test(name) ? "" : name;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function shellCommands(script: string, path: Path): readonly BuildCommand[] {
  return readShellScript(script).commands.map(({ words }) => ({
    words: words.map(({ text }, index) => ({ text: index === 0 ? baseName(text) : text, path })),
    path,
  }));
}
