import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { isCloudBuild, submittedBuild } from "../shared/config/build-by-hand.ts";
import type { SubmittedBuild } from "../shared/config/build-submit-rules.ts";
import { buildsOfPlan, checkPlan } from "../shared/config/plan-check.ts";
import { checkScript } from "../shared/config/script-check.ts";
import type { BuildLookup } from "../shared/config/script-rules.ts";
import { buildFindings } from "./validate-build-file.ts";
import { bySeverity, type NamedText, plainFinding, type Validation } from "./validation-finding.ts";

/** What a file is, by its name and, where that does not tell, by its text. */
export type FileKind = "policy" | "script" | "plan" | "build" | "gantry";

export function kindOf({ file, text }: NamedText): FileKind {
  const extension = extname(file).toLowerCase();
  if (/policy\.ya?ml$/.test(basename(file))) return "policy";
  if (/^\.(?:md|markdown)$/.test(extension)) return "plan";
  if (/^\.(?:sh|bash|zsh)$/.test(extension) || /^#!.*sh\b/.test(text)) return "script";
  return /^cloudbuild/.test(basename(file)) || isCloudBuild({ file, text }) ? "build" : "gantry";
}

type Deploying = Readonly<{ cwd: string; named: NamedText; all: readonly NamedText[] }>;

/** A shell script: what its commands do to traffic, image and cost. */
export function ofScript({ cwd, named, all }: Deploying): Validation {
  const found = checkScript({ ...named, line: 1, lookup: buildLookup({ cwd, named, all }) });
  return { files: [named.file], ...bySeverity(found), notes: [] };
}

/** A plan in Markdown: its shell and Cloud Build blocks, by the lines of the document. */
export function ofPlan({ cwd, named, all }: Deploying): Validation {
  const builds = buildsOfPlan(named);
  const ofBuilds = builds.flatMap(({ text }) => buildFindings(text, null));
  const commands = checkPlan(named, buildLookup({ cwd, named, all }));
  const found = bySeverity([...ofBuilds, ...commands].sort((a, b) => a.line - b.line || a.column - b.column));
  const message = "nothing in it deploys: Gantry reads fenced blocks of bash, sh and yaml";
  const empty = plainFinding({ file: named.file, line: 1, column: 1, path: "", message });
  const isEmpty = builds.length === 0 && commands.length === 0;
  return { files: [named.file], ...found, notes: isEmpty ? [empty] : [] };
}

/** Looks for a build file among what was named, in the plan itself, and beside the script and above it. */
function buildLookup({ cwd, named, all }: Deploying): BuildLookup {
  const shown = all.filter((one) => kindOf(one) === "plan").flatMap((plan) => buildsOfPlan(plan));
  return (name) => {
    const wanted = basename(name);
    const given = all.find((one) => basename(one.file) === wanted);
    const only = shown.length === 1 ? shown[0] : undefined;
    const inPlan = shown.find((one) => one.name !== null && basename(one.name) === wanted) ?? only;
    if (given !== undefined) return submittedBuild(given);
    return inPlan?.build ?? besideScript(cwd, named.file, name);
  };
}

function besideScript(cwd: string, script: string, name: string): SubmittedBuild | null {
  const folder = dirname(resolve(cwd, script));
  const places = [folder, dirname(folder), cwd].map((place) => join(place, name));
  const path = places.find((place) => existsSync(place));
  return path === undefined
    ? null
    : submittedBuild({ text: readFileSync(path, "utf8"), file: relative(cwd, path) });
}
