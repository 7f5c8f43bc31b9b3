import type { LookupsPort, SecretVersion } from "../../ports/lookups.ts";

export type LookupSettings = Readonly<{
  artifactRegistry: string; // base URLs, without a slash at the end
  secretManager: string;
  cloudBuild: string;
  token: () => Promise<string>;
  timeoutMs: number;
}>;

/** Google's own addresses, and the patience that a person before `gantry plan` has. */
export const googleLookups = {
  artifactRegistry: "https://artifactregistry.googleapis.com",
  secretManager: "https://secretmanager.googleapis.com",
  cloudBuild: "https://cloudbuild.googleapis.com",
  timeoutMs: 10_000,
} as const satisfies Partial<LookupSettings>;

/**
 * `LookupsPort` over `repositories.get` of Artifact Registry (cloud.google.com/artifact-registry/docs/reference/rest) and
 * `versions.get` of Secret Manager, which tells a version's state and not its payload
 * (cloud.google.com/secret-manager/docs/reference/rest), and `repositories.get` of Cloud Build v2
 * (cloud.google.com/build/docs/api/reference/rest/v2/projects.locations.connections.repositories).
 */
export function createGoogleLookups(settings: LookupSettings): LookupsPort {
  return {
    imageRepository: async (name) => {
      const path = repositoryPath(name);
      if (path === null) return { state: "unknown", why: "it is no repository of Artifact Registry" };
      const answer = await ask(settings, `${settings.artifactRegistry}/v1/${path}`);
      if ("why" in answer) return { state: "unknown", why: answer.why };
      return { state: answer.found ? "exists" : "missing" };
    },
    connectedRepository: async ({ name, repository }) => {
      const answer = await ask(settings, `${settings.cloudBuild}/v2/${name}`);
      if ("why" in answer) return { state: "unknown", why: answer.why };
      if (!answer.found) return { state: "missing" };
      return { state: isOf(answer.remoteUri, repository) ? "exists" : "other" };
    },
    secretVersion: async (version) => {
      const answer = await ask(settings, `${settings.secretManager}/v1/${versionPath(version)}`);
      if ("why" in answer) return { state: "unknown", why: answer.why };
      if (!answer.found) return { state: "missing" };
      return { state: answer.state === "ENABLED" ? "usable" : "disabled" };
    },
  };
}

/** Null for a registry that is not Artifact Registry. */
function repositoryPath(name: string): string | null {
  const [, location, rest] = /^([a-z0-9-]+)-docker\.pkg\.dev\/(.+)$/.exec(name) ?? [];
  const parts = (rest ?? "").split("/");
  const repository = parts.at(-1) ?? "";
  const project = parts.slice(0, -1).join(":"); // an old project's domain stands before its name
  if (location === undefined || project === "" || repository === "") return null;
  return `projects/${project}/locations/${location}/repositories/${repository}`;
}

function versionPath({ project, secret, version }: SecretVersion): string {
  const name = secret.startsWith("projects/") ? secret : `projects/${project}/secrets/${secret}`;
  return `${name}/versions/${version}`;
}

type Answer =
  | Readonly<{ found: false }>
  | Readonly<{ found: true; state: string; remoteUri: string }>
  | Readonly<{ why: string }>; // no answer that says whether it is there

async function ask({ token, timeoutMs }: LookupSettings, url: string): Promise<Answer> {
  try {
    const headers = { authorization: `Bearer ${await token()}` };
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
    if (answer.status === 404) return { found: false };
    if (answer.ok) {
      const body: unknown = await answer.json();
      return { found: true, state: textIn(body, "state"), remoteUri: textIn(body, "remoteUri") };
    }
    return { why: `${new URL(url).host} answered HTTP ${answer.status}` };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

function textIn(body: unknown, key: string): string {
  const value = typeof body === "object" && body !== null ? Reflect.get(body, key) : undefined;
  return typeof value === "string" ? value : "";
}

/** Whether a clone URL is of `owner/name`, which GitHub knows in capitals and small letters alike. */
function isOf(remoteUri: string, repository: string): boolean {
  const path = remoteUri.toLowerCase().replace(/\.git$/, "");
  return path.endsWith(`/${repository.toLowerCase()}`);
}
