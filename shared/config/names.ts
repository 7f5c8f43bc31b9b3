import { z } from "zod";

/** Text of a form that a sentence names; the pattern also stands in the JSON Schema. */
export function textOf(pattern: RegExp, form: string) {
  return z.string().regex(pattern, { error: `must be ${form}` });
}

/** A Google Cloud project id, with the domain of an old domain-scoped project where it has one. */
export const projectField = () =>
  textOf(
    /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
    "a project id: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter",
  );

/** A Google Cloud region, such as `us-central1`. */
export const regionField = () => textOf(/^[a-z]+-[a-z]+[0-9]+$/, "a region like `us-central1`");

/** A Cloud Run service name; 49 characters at most, so that revision names and tag hosts stay within 63. */
export const serviceNameField = () =>
  textOf(
    /^[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?$/,
    "a service name: at most 49 lower-case letters, digits and hyphens, beginning with a letter",
  );

/** A path inside of a repository: relative, with forward slashes, never leaving the folder. */
export const pathField = (what: string) =>
  textOf(
    /^(?:\.|(?!\.{1,2}(?:\/|$))[A-Za-z0-9._@+-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._@+-]+)*)$/,
    `${what}: a relative path with forward slashes that does not leave the repository`,
  );

/** `owner/name` of a repository on GitHub. */
export const repositoryField = () =>
  textOf(
    /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/,
    "a repository like `owner/name`",
  );

/** The account that a service runs as. */
export const serviceAccountField = () =>
  textOf(/^[a-z0-9.-]+@[a-z0-9.-]+\.gserviceaccount\.com$/, "the e-mail address of a service account");

const reservedEnvironment: readonly string[] = ["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"];

/** The name of an environment variable that Cloud Run lets a service set. */
export const environmentNameField = () =>
  textOf(
    /^[A-Za-z_][A-Za-z0-9_]{0,254}$/,
    "the name of an environment variable: letters, digits and _",
  ).refine((name) => !reservedEnvironment.includes(name), {
    error: (issue) => `\`${String(issue.input)}\` is set by Cloud Run itself and cannot be set here`,
  });

/** Text; a bare number or truth value is refused with the quoted form, because YAML would change how it is written. */
export const quotedText = () =>
  z.string({
    error: ({ input }) =>
      typeof input === "number" || typeof input === "boolean"
        ? `must be text; write it in quotes: "${String(input)}"`
        : undefined,
  });
