import { parseImageReference } from "../domain/image-reference.ts";
import { commandsOf } from "./build-commands.ts";
import type { SubmittedBuild } from "./build-submit-rules.ts";
import { referencesIn, setByTriggerOrRequest, substitute } from "./build-substitutions.ts";
import { templatesOf } from "./build-templates.ts";
import { type CloudBuildFile, cloudBuildSchema } from "./cloud-build-schema.ts";
import { type ConfigText, parseConfig } from "./parse-config.ts";
import { inFileOrder } from "./problem.ts";
import { advisedScriptFinding, type RawScriptFinding, type ScriptFinding } from "./script-finding.ts";
import { commandFindings } from "./script-rules.ts";
import type { YamlSource } from "./yaml-source.ts";

/** Whether a text is a Cloud Build file: YAML with `steps` at its top. */
export function isCloudBuild(input: ConfigText): boolean {
  const { source } = parseConfig(input, cloudBuildSchema);
  const { data } = source;
  return typeof data === "object" && data !== null && "steps" in data;
}

/** What a script that submits the file has to pass; null when the text is no Cloud Build file. */
export function submittedBuild(input: ConfigText): SubmittedBuild | null {
  const parsed = parseConfig(input, cloudBuildSchema);
  const build = parsed.ok ? parsed.value : parsed.rest;
  if (build === null) return null;
  const templates = templatesOf(build).map(({ text }) => text);
  return { file: input.file, templates, defaults: build.substitutions ?? {} };
}

/**
 * What the steps of a build file do beyond building when somebody submits it by hand: each at the argument that does it.
 * `parseCloudBuildFile` says the rest.
 */
export function buildByHandFindings(input: ConfigText): readonly ScriptFinding[] {
  const parsed = parseConfig(input, cloudBuildSchema);
  const build = parsed.ok ? parsed.value : parsed.rest;
  if (build === null) return [];
  const raw = [...stepFindings(build, parsed.source), ...tagFindings(build, parsed.source)];
  return inFileOrder(raw.map((finding) => advisedScriptFinding(finding, input.file)));
}

function stepFindings({ steps }: CloudBuildFile, source: YamlSource): readonly RawScriptFinding[] {
  const commands = steps.flatMap((step, index) =>
    commandsOf(step).map(({ words }) => ({
      words: words
        .filter(({ text }) => text !== "")
        .map(({ text, path }) => ({ text, ...source.positionOf(["steps", index, ...path], "value") })),
      redirects: [],
    })),
  );
  return commands.flatMap((command) => commandFindings(command, () => null));
}

/** Image names that are none once what only a trigger fills is empty. */
function tagFindings(build: CloudBuildFile, source: YamlSource): readonly RawScriptFinding[] {
  return templatesOf(build).flatMap(({ path, text }) => {
    const image = text.replace(/^--?[a-z-]+=/, "");
    const keys = referencesIn(image).map(({ key }) => key);
    const full = Object.fromEntries(keys.map((key) => [key, "x"]));
    const empty = Object.fromEntries(setByTriggerOrRequest.map((key) => [key, ""]));
    const isImage = (values: Readonly<Record<string, string>>) =>
      parseImageReference(substitute(image, values)) !== null;
    const [key] = setByTriggerOrRequest.filter((name) => keys.includes(name));
    if (key === undefined || !isImage(full) || isImage({ ...full, ...empty })) return [];
    const place = source.positionOf(path, "value");
    return [
      { code: "tag-needs-trigger", place, message: `is no image name where \`${key}\` is empty` } as const,
    ];
  });
}
