/** A `docker build` command line, read as far as the local builder can follow it. */
export type DockerBuild = Readonly<{
  tags: readonly string[];
  file: string | null;
  context: string;
  noCache: boolean;
  buildArgs: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  target: string | null;
}>;

/** A command line that docker refuses: what it prints, and its exit code. */
export type DockerRefusal = Readonly<{ message: string; exitCode: number }>;

const withValue = new Map([
  ["-t", "tag"],
  ["--tag", "tag"],
  ["-f", "file"],
  ["--file", "file"],
  ["--build-arg", "buildArg"],
  ["--target", "target"],
  ["--platform", "ignored"],
  ["--label", "label"],
  ["--cache-from", "ignored"],
  ["--progress", "ignored"],
  ["--network", "ignored"],
  ["--memory", "ignored"],
  ["-m", "ignored"],
  ["--ulimit", "ignored"],
  ["--shm-size", "ignored"],
]);
const switches = new Set([
  "--no-cache",
  "--pull",
  "--rm",
  "--force-rm",
  "--squash",
  "-q",
  "--quiet",
  "--compress",
]);

type Flag = Readonly<{ kind: string; name: string; value: string }>;

/** Reads the words after `docker build`, with docker's own refusals for what it does not know. */
export function parseDockerBuild(words: readonly string[]): DockerBuild | DockerRefusal {
  const flags: Flag[] = [];
  const contexts: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (!word.startsWith("-") || word === "-") {
      contexts.push(word);
      continue;
    }
    const flag = readFlag(word, words[at + 1]);
    if ("exitCode" in flag) return flag;
    if (flag.tookNext) at += 1;
    flags.push(flag);
  }
  return assemble(flags, contexts);
}

function readFlag(word: string, next: string | undefined): (Flag & { tookNext: boolean }) | DockerRefusal {
  const [name, inline] = splitOnce(word);
  const kind = withValue.get(name);
  if (kind === undefined)
    return switches.has(name)
      ? { kind: "switch", name, value: inline ?? "true", tookNext: false }
      : unknownFlag(name);
  const value = inline ?? next;
  return value === undefined
    ? refusal(`flag needs an argument: ${name}`, 125)
    : { kind, name, value, tookNext: inline === undefined };
}

function assemble(flags: readonly Flag[], contexts: readonly string[]): DockerBuild | DockerRefusal {
  const valuesOf = (kind: string) => flags.filter((flag) => flag.kind === kind).map((flag) => flag.value);
  const badTag = valuesOf("tag").find((tag) => !imageName.test(tag));
  if (badTag !== undefined)
    return refusal(`invalid argument "${badTag}" for "-t, --tag" flag: invalid reference format`, 125);
  const [context] = contexts;
  if (context === undefined || contexts.length > 1)
    return refusal("\"docker build\" requires exactly 1 argument.\nSee 'docker build --help'.", 1);
  return {
    tags: valuesOf("tag"),
    file: valuesOf("file").at(-1) ?? null,
    context,
    noCache: flags.some((flag) => flag.name === "--no-cache" && flag.value !== "false"),
    buildArgs: pairs(valuesOf("buildArg")),
    labels: pairs(valuesOf("label")),
    target: valuesOf("target").at(-1) ?? null,
  };
}

const imageName =
  /^[a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]+)?(\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?$/;

function pairs(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map((text) => [splitOnce(text)[0], splitOnce(text)[1] ?? ""]));
}

function splitOnce(text: string): [string, string?] {
  const at = text.indexOf("=");
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function unknownFlag(name: string): DockerRefusal {
  const kind = name.startsWith("--") ? `flag: ${name}` : `shorthand flag: '${name.slice(1)}' in ${name}`;
  return refusal(`unknown ${kind}\nSee 'docker build --help'.`, 125);
}

function refusal(message: string, exitCode: number): DockerRefusal {
  return { message, exitCode };
}
