import { absentSecrets, functionNames, type GitHubWay, secretParts } from "./google-parts.ts";
import { allRights, type Component, type Place, type Right } from "./rights.ts";

/** A service that Gantry releases, the account that it runs as, and where its images are pushed: `imageRepositoryOf`. */
export type ReleasedService = Readonly<{
  project: string;
  region: string;
  name: string;
  runtimeAccount: string;
  imageRepository: string; // LOCATION-docker.pkg.dev/PROJECT/NAME
}>;

/** Where Gantry is installed and what it releases. */
export type Installation = Readonly<{
  project: string;
  region: string;
  database: string;
  services: readonly ReleasedService[];
  hasSlack: boolean;
  github: GitHubWay;
  /** Traces are sent with a header that is a secret. */
  hasOtlpHeaders: boolean;
}>;

/** A thing of Google's that has a policy of its own. */
export type Resource =
  | Readonly<{ type: "project"; project: string }>
  | Readonly<{ type: "run-service"; project: string; region: string; name: string }>
  | Readonly<{ type: "service-account"; account: string }>
  | Readonly<{ type: "repository"; project: string; region: string; name: string }>
  | Readonly<{ type: "topic" | "secret"; project: string; name: string }>;

/** A right at one resource, as Google keeps it. */
export type Grant = Readonly<{
  component: Component;
  member: string;
  role: string;
  resource: Resource;
  condition: Readonly<{ title: string; expression: string }> | null;
  why: string;
}>;

const packageRepository = "gantry-functions";

/** Stands for the number of Gantry's project in an expression. */
export const projectNumber = "PROJECT_NUMBER";

/** The account of a part of Gantry. */
export function accountOf(component: Component, project: string): string {
  return `gantry-${component}@${project}.iam.gserviceaccount.com`;
}

/** Every right of an installation, at each resource where it is to be granted; none twice. */
export function grantsOf(installation: Installation): readonly Grant[] {
  const silent = new Set<string>(absentSecrets(installation).map((name) => secretParts[name].id));
  const grants = allRights()
    .filter(({ on }) => !(on.kind === "secret" && silent.has(on.name)))
    .flatMap((right) =>
      resourcesOf(right.on, installation).flatMap((resource) => grantsAt(right, resource, installation)),
    );
  const keyOf = ({ member, role, resource }: Grant) => JSON.stringify([member, role, resource]);
  return [...new Map(grants.map((grant) => [keyOf(grant), grant])).values()];
}

function grantsAt(
  { component, role, on, why }: Right,
  resource: Resource,
  of: Installation,
): readonly Grant[] {
  const ownRole = role.startsWith("custom/") && resource.type === "project";
  return homesOf(component, resource, of).map((home) => ({
    component,
    member: `serviceAccount:${accountOf(component, home)}`,
    role: ownRole ? role.replace(/^custom\//, `projects/${resource.project}/roles/`) : role,
    resource,
    condition: conditionOf(on, of),
    why,
  }));
}

/** Builds run in the project of the service, as the account of this name there; they may push to a repository elsewhere. */
function homesOf(
  component: Component,
  resource: Resource,
  { project, services }: Installation,
): readonly string[] {
  if (component !== "images" || !("project" in resource)) return [project];
  if (resource.type !== "repository") return [resource.project];
  const isThere = (address: string) => JSON.stringify(repositoryAt(address)) === JSON.stringify(resource);
  return services.filter(({ imageRepository }) => isThere(imageRepository)).map((service) => service.project);
}

/** The domain of an old project stands before its name with a slash, as everywhere in the names of images. */
function repositoryAt(address: string): Resource {
  const [host = "", ...path] = address.split("/");
  const region = host.replace(/-docker\.pkg\.dev$/, "");
  return { type: "repository", project: path.slice(0, -1).join(":"), region, name: path.at(-1) ?? "" };
}

/** Firestore has no policy below the project: https://firebase.google.com/docs/firestore/manage-databases */
function conditionOf(on: Place, { project, region, database }: Installation): Grant["condition"] {
  if (on.kind === "database")
    return {
      title: "gantry-database",
      expression: `resource.name == "projects/${project}/databases/${database}"`,
    };
  if (on.kind !== "package-sources") return null;
  const buckets = [`gcf-v2-sources-${projectNumber}-${region}`, `${project}-gantry-functions`];
  const expression = buckets
    .map((bucket) => `resource.name.startsWith("projects/_/buckets/${bucket}")`)
    .join(" || ");
  return { title: "gantry-function-sources", expression };
}

function resourcesOf(on: Place, installation: Installation): readonly Resource[] {
  const { project, region, services } = installation;
  const projects = [...new Set(services.map((service) => service.project))];
  switch (on.kind) {
    case "database":
    case "project":
    case "package-sources":
      return [{ type: "project", project }];
    case "service-project":
      return projects.map((one) => ({ type: "project", project: one }));
    case "service":
      return services.map(({ project: of, region: at, name }) => ({
        type: "run-service",
        project: of,
        region: at,
        name,
      }));
    case "runtime-account":
      return services.map(({ runtimeAccount: account }) => ({ type: "service-account", account }));
    case "build-account":
      return projects.map((one) => ({ type: "service-account", account: accountOf("images", one) }));
    case "image-repository":
      return services.map(({ imageRepository }) => repositoryAt(imageRepository));
    case "package-repository":
      return [{ type: "repository", project, region, name: packageRepository }];
    case "functions":
      return functionNames.map((name) => ({ type: "run-service", project, region, name: `gantry-${name}` }));
    case "topic":
    case "secret":
      return [{ type: on.kind, project, name: on.name }];
  }
}
