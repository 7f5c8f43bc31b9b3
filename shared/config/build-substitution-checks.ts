import type { RawFinding } from "./build-finding.ts";
import {
  isBuiltIn,
  type Mismatch,
  mismatches,
  referencesIn,
  setByTriggerOrRequest,
} from "./build-substitutions.ts";
import { automappedScripts, type Template, templatesOf } from "./build-templates.ts";
import type { CloudBuildFile } from "./cloud-build-schema.ts";

type Input = Readonly<{
  build: CloudBuildFile;
  substitutions: Readonly<Record<string, string>>; // all that the request will carry
}>;

/** What Cloud Build would refuse, or silently leave empty, when it matches a build with its substitutions. */
export function substitutionFindings({ build, substitutions }: Input): readonly RawFinding[] {
  const templates = templatesOf(build);
  const loose = build.options?.substitutionOption === "ALLOW_LOOSE";
  const automapped = automappedScripts(build).length > 0;
  const found = mismatches({ templates: templates.map(({ text }) => text), substitutions })
    .filter(({ kind }) => kind === "unknown" || !loose)
    .filter(({ kind }) => kind !== "unused" || !automapped);
  return [
    ...found.map((mismatch) => findingOf(mismatch, templates)),
    ...templates.flatMap((template) => emptyBuiltIns(template, substitutions)),
    ...templates.flatMap(expressions),
  ];
}

function findingOf({ kind, key, template }: Mismatch, templates: readonly Template[]): RawFinding {
  if (kind === "unused") {
    return {
      code: "substitution-unused",
      path: ["substitutions", key],
      message: `\`${key}\` is set, but no field uses it`,
    };
  }
  const path = (template === null ? undefined : templates[template]?.path) ?? [];
  return kind === "missing"
    ? { code: "substitution-missing", path, message: `\`${key}\` is used here, and nothing sets it` }
    : {
        code: "substitution-unknown",
        path,
        message: `\`$${key}\` is no substitution that Cloud Build knows`,
      };
}

function emptyBuiltIns(
  { path, text }: Template,
  given: Readonly<Record<string, string>>,
): readonly RawFinding[] {
  const keys = new Set(referencesIn(text).map(({ key }) => key));
  return setByTriggerOrRequest
    .filter((key) => keys.has(key) && (given[key] ?? "") === "")
    .map((key) => ({
      code: "substitution-empty",
      path,
      message: `\`${key}\` is empty in a build that no trigger starts`,
    }));
}

function expressions({ path, text }: Template): readonly RawFinding[] {
  const unescaped = text.replaceAll("$$", "  ");
  return [...unescaped.matchAll(/\$\{([A-Z_][A-Z0-9_]*)[^A-Z0-9_}][^}]*\}/g)]
    .filter(([, key = ""]) => key.startsWith("_") || isBuiltIn(key))
    .map(([expression]) => ({
      code: "substitution-expression",
      path,
      message: `\`${expression}\` is not replaced by Cloud Build`,
    }));
}
