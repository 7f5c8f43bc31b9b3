import type { CloudBuildFile } from "./cloud-build-schema.ts";

/** A text of a build in which Cloud Build replaces substitutions, and where it stands. */
export type Template = Readonly<{ path: readonly (string | number)[]; text: string }>;

/**
 * The texts of a build that Cloud Build replaces substitutions in: of a step its name, args, env, dir and entrypoint;
 * images, tags, logsBucket, artifacts, secrets' versions and the service account. A `script` is not replaced.
 */
export function templatesOf(build: CloudBuildFile): readonly Template[] {
  const { steps, images, tags, logsBucket, artifacts, availableSecrets, serviceAccount } = build;
  return [
    ...steps.flatMap(({ name, args, env, dir, entrypoint }, index) =>
      textsWithin({ name, args, env, dir, entrypoint }, ["steps", index]),
    ),
    ...textsWithin({ images, tags, logsBucket, artifacts, serviceAccount }, []),
    ...textsWithin({ availableSecrets: { secretManager: availableSecrets?.secretManager } }, []),
    ...dynamicTemplates(build),
  ];
}

/** Under `dynamicSubstitutions` a substitution's value may use others. */
function dynamicTemplates({ options, substitutions }: CloudBuildFile): readonly Template[] {
  return options?.dynamicSubstitutions === true ? textsWithin({ substitutions }, []) : [];
}

function textsWithin(value: unknown, path: readonly (string | number)[]): readonly Template[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (Array.isArray(value))
    return value.flatMap((item: unknown, index) => textsWithin(item, [...path, index]));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsWithin(inner, [...path, key]));
}

/** The scripts of steps that get every substitution as an environment variable. */
export function automappedScripts({ steps, options }: CloudBuildFile): readonly string[] {
  return steps.flatMap(({ script, automapSubstitutions }) =>
    script !== undefined && (automapSubstitutions ?? options?.automapSubstitutions ?? false) ? [script] : [],
  );
}
