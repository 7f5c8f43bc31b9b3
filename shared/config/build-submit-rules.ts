import { mismatches, referencesIn, setByTriggerOrRequest } from "./build-substitutions.ts";
import type { GcloudCall } from "./gcloud-call.ts";
import type { RawScriptFinding } from "./script-finding.ts";

/** A Cloud Build file that a script may submit: the texts that Cloud Build replaces, and its own defaults. */
export type SubmittedBuild = Readonly<{
  file: string;
  templates: readonly string[];
  defaults: Readonly<Record<string, string>>;
}>;

/** The file that `gcloud builds submit` sends; null when it builds a Dockerfile by `--tag`. */
export function submittedFile({ flags }: GcloudCall): string | null {
  const named = flags.get("config")?.value ?? "";
  if (named !== "") return named;
  return flags.has("tag") || flags.has("pack") ? null : "cloudbuild.yaml";
}

/** What is wrong in a call of `gcloud builds submit`; `build` is the file that it sends, null = not known. */
export function buildSubmitFindings(
  call: GcloudCall,
  build: SubmittedBuild | null,
): readonly RawScriptFinding[] {
  const { word: place } = call;
  const source = call.operands[0]?.text ?? ".";
  const uploads = !call.flags.has("no-source") && !/^(?:gs|https?):\/\//.test(source);
  return [
    ...(build === null ? [] : substitutionFindings(call, build)),
    ...(uploads
      ? [
          {
            code: "submit-working-directory",
            place,
            message: `builds what lies in \`${source}\` now`,
          } as const,
        ]
      : []),
  ];
}

const lengths: Readonly<Record<string, string>> = {
  SHORT_SHA: "$(git rev-parse --short=7 HEAD)",
  COMMIT_SHA: "$(git rev-parse HEAD)",
  REVISION_ID: "$(git rev-parse HEAD)",
  TAG_NAME: "$(git describe --tags --exact-match)",
};

function substitutionFindings(call: GcloudCall, build: SubmittedBuild): readonly RawScriptFinding[] {
  const flag = call.flags.get("substitutions");
  const place = flag?.word ?? call.word;
  const given = pairsOf(flag?.value ?? "");
  const { templates, file } = build;
  const used = new Set(templates.flatMap((text) => referencesIn(text).map(({ key }) => key)));
  const empty = setByTriggerOrRequest.filter((key) => used.has(key) && (given[key] ?? "") === "");
  const wrong = mismatches({ templates, substitutions: { ...build.defaults, ...given } });
  const missing = new Set(wrong.filter(({ kind }) => kind === "missing").map(({ key }) => key));
  return [
    ...empty.map((key): RawScriptFinding => {
      const message = `\`${key}\` is empty here, and ${file} uses it`;
      const pair = `${key}=${lengths[key] ?? "…"}`;
      const repair = `Type \`--substitutions=${[flag?.value ?? "", pair].filter((part) => part !== "").join(",")}\`; \`gantry deploy TAG\` passes it itself.`;
      return { code: "submit-empty-substitution", place, message, repair };
    }),
    ...[...missing].map((key): RawScriptFinding => {
      return {
        code: "submit-missing-substitution",
        place,
        message: `\`${key}\` is not passed, and ${file} uses it`,
      };
    }),
  ];
}

/** `A=1,B=2` as gcloud reads it; another delimiter may stand first, as in `^@^A=1@B=2`. */
function pairsOf(text: string): Readonly<Record<string, string>> {
  const [, delimiter = ",", list = text] = /^\^(.)\^([\s\S]*)$/.exec(text) ?? [];
  return Object.fromEntries(
    list
      .split(delimiter)
      .map((pair) => pair.split(/=([\s\S]*)/))
      .map(([key = "", value = ""]) => [key, value]),
  );
}
