import type { ShellCommand } from "./shell-script.ts";
import type { ShellWord } from "./shell-word.ts";

/** A flag as it is typed: its value, empty for one that takes none, and the word that it begins with. */
export type GcloudFlag = Readonly<{ value: string; word: ShellWord }>;

/** One call of gcloud: `run deploy` and what follows it. Flags by name, without `--`. */
export type GcloudCall = Readonly<{
  verb: string;
  word: ShellWord; // `gcloud` itself
  operands: readonly ShellWord[];
  flags: ReadonlyMap<string, GcloudFlag>;
}>;

const verbs = [
  ["builds", "submit"],
  ["run", "deploy"],
  ["run", "services", "update"],
  ["run", "services", "replace"],
  ["run", "services", "update-traffic"],
  ["scheduler", "jobs", "create", "http"],
  ["scheduler", "jobs", "update", "http"],
  ["artifacts", "docker", "images", "delete"],
  ["container", "images", "delete"],
] as const;

const withoutValue =
  /^(?:no-.*|quiet|async|allow-unauthenticated|cpu-boost|cpu-throttling|use-http2|gpu-zonal-redundancy|to-latest|session-affinity|default-url|invoker-iam-check|suppress-logs|delete-tags)$/;

/** Reads `gcloud [alpha|beta] VERB … --flag=value --flag value`; null for other commands and for verbs that no rule knows. */
export function gcloudCall({ words }: ShellCommand): GcloudCall | null {
  const [word, ...rest] = words;
  if (word === undefined || !/(?:^|\/)gcloud$/.test(word.text)) return null;
  const flags = new Map<string, GcloudFlag>();
  const plain: ShellWord[] = [];
  for (const [index, each] of rest.entries()) {
    const [, name, value] = /^--([a-z][a-z0-9-]*)(?:=([\s\S]*))?$/.exec(each.text) ?? [];
    const before = flagThatWaits(rest[index - 1]);
    if (name !== undefined) flags.set(name, { value: value ?? "", word: each });
    else if (before !== null) flags.set(before.name, { value: each.text, word: before.word });
    else if (!each.text.startsWith("-")) plain.push(each);
  }
  const [first, ...others] = plain;
  const named = first !== undefined && /^(?:alpha|beta)$/.test(first.text) ? others : plain;
  const verb = verbs.find((parts) => parts.every((part, index) => named[index]?.text === part));
  return verb === undefined
    ? null
    : { verb: verb.join(" "), word, operands: named.slice(verb.length), flags };
}

/** The flag that the next word belongs to. */
function flagThatWaits(word: ShellWord | undefined): Readonly<{ name: string; word: ShellWord }> | null {
  const [, name] = /^--([a-z][a-z0-9-]*)$/.exec(word?.text ?? "") ?? [];
  return word === undefined || name === undefined || withoutValue.test(name) ? null : { name, word };
}
