import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { parseGantryYaml } from "../../shared/config/gantry-yaml.ts";
import { parsePolicy } from "../../shared/config/policy-yaml.ts";
import { formatProblem, type Result } from "../../shared/config/problem.ts";
import { limitProblems, matchesGlob, mayRelease, type Policy } from "../../shared/domain/policy.ts";
import type { ReleaseConfig } from "../../shared/domain/release-config.ts";
import type { DoctorOptions } from "../doctor.ts";
import { parseServerSettings, type ServerSettings } from "../serve/server-settings.ts";
import { type Finding, findings } from "./finding.ts";

/** What the files say, where they can be read, and what is to be said of them. */
export type LocalReading = Readonly<{
  config: ReleaseConfig | null;
  server: ServerSettings | null;
  findings: readonly Finding[];
}>;

const oldestNode = [20, 19] as const;

/** Looks at this machine: Node, the three files, the tags. */
export async function checkLocally(cwd: string, options: DoctorOptions, node: string): Promise<LocalReading> {
  const config = await readIf({ cwd, file: options.config, check: "config", parse: parseGantryYaml });
  const policy = await readIf({ cwd, file: options.policy, check: "policy", parse: parsePolicy });
  const server = await readIf({
    cwd,
    file: options.server,
    check: "server-file",
    parse: parseServerSettings,
  });
  return {
    config: config.value,
    server: server.value,
    findings: [
      nodeFinding(node),
      config.finding,
      policy.finding,
      ...allowed(config.value, policy.value),
      server.finding,
      ...(config.value === null ? [] : [await tagFinding(cwd, config.value)]),
    ],
  };
}

/** Gantry runs on Node 20.19 and later. */
export function nodeFinding(version: string): Finding {
  const { ok, broken } = findings("node");
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return ok(`Node ${version}`);
  return broken(`Node ${version} is too old`, "Gantry needs Node 20.19 or later.", "node --version");
}

type Read<Value> = Readonly<{ value: Value | null; finding: Finding }>;

async function readIf<Value>({
  cwd,
  file,
  check,
  parse,
}: Readonly<{
  cwd: string;
  file: string;
  check: string;
  parse: (input: Readonly<{ text: string; file: string }>) => Result<Value>;
}>): Promise<Read<Value>> {
  const { ok, broken, unknown } = findings(check);
  const text = await readFile(resolve(cwd, file), "utf8").catch(() => null);
  if (text === null) {
    const finding = unknown(
      `${file} is not here`,
      "It is checked where it is.",
      `gantry doctor --${flags[check]} FILE`,
    );
    return { value: null, finding };
  }
  const parsed = parse({ text, file });
  if (parsed.ok) return { value: parsed.value, finding: ok(`${file} reads without a problem`) };
  const problems = parsed.problems.map(formatProblem).join("\n");
  return { value: null, finding: broken(`${file} has problems`, problems, "gantry validate") };
}

const flags: Readonly<Record<string, string>> = {
  config: "config",
  policy: "policy",
  "server-file": "server",
};

function allowed(config: ReleaseConfig | null, policy: Policy | null): readonly Finding[] {
  if (config === null || policy === null) return [];
  const { ok, broken } = findings("policy-allows");
  const { source, service } = config;
  const may = mayRelease(policy, { repository: source.repository, service });
  const reasons = [
    ...(may.ok ? [] : [may.reason]),
    ...limitProblems(policy, config).map(({ path, message }) => `${path}: ${message}`),
  ];
  if (reasons.length === 0) return [ok("the policy allows what gantry.yaml asks for")];
  const what = "the policy does not allow what gantry.yaml asks for";
  return [broken(what, `Every release is refused: ${reasons.join("; ")}`, "gantry validate --policy FILE")];
}

/** A tag that matches nothing starts nothing, and nobody is told. */
async function tagFinding(cwd: string, { source }: ReleaseConfig): Promise<Finding> {
  const { ok, warning, unknown } = findings("tags");
  const tags = await promisify(execFile)("git", ["tag", "--list"], {
    cwd,
    timeout: 5_000,
    maxBuffer: 2 ** 24,
  })
    .then(({ stdout }) => stdout.split("\n").filter((tag) => tag !== ""))
    .catch(() => null);
  if (tags === null) return unknown("git tells no tags here", "This folder is in no git repository.");
  const fitting = tags.filter((tag) => matchesGlob(source.tags, tag));
  if (fitting.length > 0) return ok(`${fitting.length} of ${tags.length} tags fit \`${source.tags}\``);
  const what =
    tags.length === 0 ? "there is no tag yet" : `none of ${tags.length} tags fits \`${source.tags}\``;
  return warning(what, "A release begins with a pushed tag that fits.", `git tag ${exampleTag(source.tags)}`);
}

function exampleTag(pattern: string): string {
  return pattern.replace("*", "0").replace("*", "1").replaceAll("*", "0");
}
