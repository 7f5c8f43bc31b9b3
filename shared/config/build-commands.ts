import type { CloudBuildStep } from "./cloud-build-schema.ts";

/** One command that a step runs, as words; `path` is where it stands within the step. */
export type BuildCommand = Readonly<{ words: readonly string[]; path: readonly (string | number)[] }>;

/**
 * The commands of a step, as far as they can be read without a shell: its args after the tool that the image or the
 * entrypoint names, and the lines of a script. Quotes are dropped; what a variable holds is not known.
 */
export function commandsOf({ name, args = [], entrypoint, script }: CloudBuildStep): readonly BuildCommand[] {
  if (script !== undefined) return shellCommands(script, ["script"]);
  const tool = baseName(entrypoint ?? toolOf(name));
  const flag = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
  if (/^(?:ba|da|z)?sh$/.test(tool) && flag >= 0)
    return shellCommands(args[flag + 1] ?? "", ["args", flag + 1]);
  return [{ words: [tool, ...args], path: args.length > 0 ? ["args"] : ["name"] }];
}

/** `gcr.io/cloud-builders/docker:24` runs docker; Google's SDK images run what their first argument says. */
function toolOf(image: string): string {
  const name = baseName(image).replace(/[:@].*$/, "");
  return /^(?:cloud-sdk|google-cloud-cli)/.test(name) ? "" : name;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function shellCommands(text: string, path: readonly (string | number)[]): readonly BuildCommand[] {
  return text
    .replace(/\\\r?\n/g, " ")
    .split(/\r?\n|&&|\|\||[;|]/)
    .map((line) =>
      line
        .replace(/["'()]/g, " ")
        .trim()
        .split(/\s+/),
    )
    .map((words) => words.slice(words.findIndex((word) => !/^\w+=|^(?:exec|time|sudo)$/.test(word))))
    .map(([tool = "", ...args]) => ({ words: [baseName(tool), ...args], path }))
    .filter(({ words }) => words[0] !== "" && !words[0]?.startsWith("#"));
}
