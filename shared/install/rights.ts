import { topics } from "../ports/bus.ts";
import {
  deadLetterTopic,
  type FunctionName,
  functionNames,
  functionParts,
  handOffTopics,
  type SecretName,
  secretParts,
  servicePart,
} from "./google-parts.ts";

/** A part of Gantry with a service account of its own. */
export type Component = FunctionName | "service" | "push" | "images" | "packager";

/**
 * Where a role is granted, as narrow as Google lets it be. `service`, `runtime-account`: of each service that Gantry
 * releases. `build-account`, `service-project`: in each project that has such services.
 */
export type Place =
  | Readonly<{
      kind:
        | "database"
        | "project"
        | "service-project"
        | "service"
        | "runtime-account"
        | "build-account"
        | "image-repository"
        | "functions"
        | "package-repository"
        | "package-sources";
    }>
  | Readonly<{ kind: "topic" | "secret"; name: string }>;

/** One role of one component at one place. */
export type Right = Readonly<{ component: Component; role: string; on: Place; why: string }>;

/** A role of Gantry's own, because no predefined one may stop a build without also being able to start one. */
const buildKeeperRole = {
  id: "gantryBuildKeeper",
  title: "Gantry: read and cancel builds",
  permissions: ["cloudbuild.builds.get", "cloudbuild.builds.list", "cloudbuild.builds.update"],
} as const;

/**
 * Another, for what the preflight looks up: whether image repository and connected source repository are there, and whether the
 * secrets that the service names have the version. `roles/secretmanager.viewer` may list all secrets, and neither role may read a value.
 */
const preflightRole = {
  id: "gantryPreflight",
  title: "Gantry: look up image and source repositories, and the state of secrets",
  permissions: [
    "artifactregistry.repositories.get",
    "cloudbuild.repositories.get",
    "secretmanager.versions.get",
  ],
} as const;

/** The roles of Gantry's own, made in each project with services. */
export const ownRoles = [buildKeeperRole, preflightRole] as const;

const keeper = `custom/${buildKeeperRole.id}`;

type Grant = readonly [role: string, kind: Exclude<Place["kind"], "topic" | "secret">, why: string];

const state: Grant = ["roles/datastore.user", "database", "keeps the state of services and releases"];

const write: readonly Grant[] = [
  ["roles/run.developer", "service", "writes revisions and traffic; cannot say who may call the service"],
  ["roles/iam.serviceAccountUser", "runtime-account", "Cloud Run asks it of whoever updates the service"],
];
const readImages: Grant = ["roles/artifactregistry.reader", "image-repository", "reads the image by digest"];
const stopBuilds: Grant = [keeper, "service-project", "stops the build of a release that ended"];
const readMetrics: Grant = ["roles/monitoring.viewer", "service-project", "reads metrics of the revisions"];
const lookUp: Grant = [
  `custom/${preflightRole.id}`,
  "service-project",
  "looks before the build whether image repository and secrets are there; reads no secret",
];
const call: Grant = ["roles/run.invoker", "service", "calls the service and its tag URL"];

const grants: Readonly<Record<Component, readonly Grant[]>> = {
  build: [
    state,
    ["roles/cloudbuild.builds.editor", "service-project", "starts, finds and cancels builds"],
    [
      "roles/iam.serviceAccountUser",
      "build-account",
      "builds run as this account; a build file that names another is refused",
    ],
    ...write.map(([role, kind]): Grant => [role, kind, "tries the update before the build; writes nothing"]),
    readImages,
    lookUp,
  ],
  deploy: [
    state,
    stopBuilds,
    ["roles/logging.viewer", "service-project", "reads the log of a build that failed"],
    ...write,
    readImages,
  ],
  verify: [
    state,
    ...write,
    call,
    readMetrics,
    ["roles/logging.viewer", "service-project", "reads what the candidate logs at its start"],
    stopBuilds,
  ],
  rollout: [state, ...write, call, stopBuilds],
  rollback: [state, ...write, stopBuilds],
  notify: [state],
  warmup: [state, ...write, call],
  sweep: [state, ["roles/run.viewer", "service", "looks whether somebody else changed the service"]],
  // What can be reached from the internet writes no service: its `plan` leaves out what Cloud Run says of the template.
  service: [
    state,
    ["roles/run.viewer", "service", "shows the traffic that Cloud Run reports"],
    readMetrics,
    lookUp,
  ],
  push: [["roles/run.invoker", "functions", "Pub/Sub calls the functions as this account, nobody else may"]],
  images: [
    ["roles/artifactregistry.writer", "image-repository", "pushes the image that was built"],
    ["roles/logging.logWriter", "service-project", "writes the build's log"],
    [
      "roles/cloudbuild.readTokenAccessor",
      "service-project",
      "fetches private repositories through their connection; of every connection in the project",
    ],
  ],
  packager: [
    ["roles/artifactregistry.writer", "package-repository", "pushes the containers of functions and service"],
    ["roles/logging.logWriter", "project", "writes the log of that build"],
    ["roles/storage.objectViewer", "package-sources", "reads the uploaded source of functions and service"],
  ],
};

const publishes: Readonly<Partial<Record<Component, readonly string[]>>> = {
  notify: [topics.releases],
  sweep: [topics.releases],
  service: [topics.releases, topics.commands],
};

/** Every right of every component, in the order of the components. */
export function allRights(): readonly Right[] {
  const components: readonly Component[] = [...functionNames, "service", "push", "images", "packager"];
  return components.flatMap((component) => [
    ...grants[component].map(([role, kind, why]): Right => ({ component, role, on: { kind }, why })),
    ...topicRights(component),
    ...secretsOf(component).map((secret) => secretRight(component, secret)),
  ]);
}

/** What a component is for, in a few words. */
export function purposeOf(component: Component): string {
  if (component === "service") return servicePart.does;
  if (component === "push") return "the identity of Pub/Sub's push";
  if (component === "images") return "the account that builds run as";
  if (component === "packager") return "builds functions and service at install";
  return functionParts[component].does;
}

function topicRights(component: Component): readonly Right[] {
  if (component === "push" || component === "images" || component === "packager") return [];
  const right = (name: string, why: string): Right => ({
    component,
    role: "roles/pubsub.publisher",
    on: { kind: "topic", name },
    why,
  });
  return [
    ...(publishes[component] ?? []).map((name) => right(name, "passes on what people ask for")),
    ...handOffTopics.map((name) => right(name, "hands work on and tells facts")),
    right(deadLetterTopic, "lays aside what can never succeed"),
  ];
}

function secretsOf(component: Component): readonly SecretName[] {
  if (component === "service") return servicePart.secrets;
  if (component === "push" || component === "images" || component === "packager") return [];
  return functionParts[component].secrets;
}

/** What each secret is for; those of which an installation has only some say which has them. */
const uses: Readonly<Record<Exclude<SecretName, "policy" | "server">, string>> = {
  webhook: "checks GitHub's signatures",
  github: "reads repositories and tells GitHub; where Gantry has a token",
  githubApp: "does so as a GitHub App; where it is one",
  session: "signs the console's cookies",
  tokens: "knows the tokens of people and CI",
  slackToken: "speaks in Slack; where there is one",
  slackSigning: "checks Slack's signatures; where there is one",
  otlp: "sends traces with this header; where there is one",
};

function secretRight(component: Component, secret: SecretName): Right {
  const { id, file } = secretParts[secret];
  const why = secret === "policy" || secret === "server" ? `reads ${file}` : uses[secret];
  return { component, role: "roles/secretmanager.secretAccessor", on: { kind: "secret", name: id }, why };
}
