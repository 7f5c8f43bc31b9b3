import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { firestoreIndexes, timeToLive } from "../../shared/install/firestore-indexes.ts";
import {
  apis,
  functionNames,
  functionParts,
  ownTopics,
  schedule,
  secretParts,
} from "../../shared/install/google-parts.ts";
import { accountOf, type Grant, grantsOf, type Resource } from "../../shared/install/grants.ts";
import { installedRuntime } from "../../shared/install/node-runtimes.ts";
import { pushSubscriptions } from "../../shared/install/push-subscriptions.ts";

export const project = "acme-ops";
const region = "us-central1";
const number = "123456789012";
export const runtimeAccount = `api-runtime@${project}.iam.gserviceaccount.com`;

/** An answer of Google's: a body with status 200, or the error of a status. Keys are `METHOD host/path`, queries left out. */
export type Answers = Map<string, object>;

/** The error that Google's REST APIs give: https://cloud.google.com/apis/design/errors#http_mapping */
export function googleError(code: number, status: string, message: string, details: readonly object[] = []) {
  return { error: { code, message, status, details } };
}

/** What Google says of an API that is not enabled. */
export function apiOff(api: string) {
  const message = `${api} has not been used in project ${number} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${api}/overview?project=${number} then retry.`;
  const type = "type.googleapis.com/google.rpc.ErrorInfo";
  return googleError(403, "PERMISSION_DENIED", message, [
    { "@type": type, reason: "SERVICE_DISABLED", domain: "googleapis.com" },
  ]);
}

/** A project in which Gantry is installed as it should be; a test takes away or changes what it is about. */
export function healthyProject(): Answers {
  const answers: Answers = new Map();
  const pubsub = `pubsub.googleapis.com/v1/projects/${project}`;
  const topicName = (topic: string) => `projects/${project}/topics/${topic}`;
  answers.set(`POST cloudresourcemanager.googleapis.com/v1/projects/${project}:testIamPermissions`, {
    permissions: [
      ...["cloudfunctions.functions.list", "cloudscheduler.jobs.list", "datastore.databases.getMetadata"],
      ...["pubsub.subscriptions.list", "pubsub.topics.list", "resourcemanager.projects.getIamPolicy"],
      ...["resourcemanager.projects.get", "run.services.get", "secretmanager.versions.list"],
    ],
  });
  answers.set(`GET cloudresourcemanager.googleapis.com/v1/projects/${project}`, {
    projectNumber: number,
    projectId: project,
    lifecycleState: "ACTIVE",
  });
  answers.set(`GET serviceusage.googleapis.com/v1/projects/${project}/services:batchGet`, {
    services: apis.map((api) => ({
      name: `projects/${number}/services/${api}`,
      config: { name: api },
      state: "ENABLED",
      parent: `projects/${number}`,
    })),
  });
  answers.set(`GET ${pubsub}/topics`, {
    topics: [...ownTopics, "cloud-builds"].map((topic) => ({
      name: topicName(topic),
      labels: { app: "gantry" },
    })),
  });
  answers.set(`GET ${pubsub}/subscriptions`, {
    subscriptions: [...pushSubscriptions.map(subscriptionOf), deadLetterSubscription()],
  });
  answers.set(`GET cloudscheduler.googleapis.com/v1/projects/${project}/locations/${region}/jobs`, {
    jobs: schedule.map(({ name, topic, cron }) => ({
      name: `projects/${project}/locations/${region}/jobs/${name}`,
      pubsubTarget: { topicName: topicName(topic), data: "e30=" },
      schedule: cron,
      timeZone: "Etc/UTC",
      state: "ENABLED",
      status: {},
    })),
  });
  answers.set(`GET cloudfunctions.googleapis.com/v2/projects/${project}/locations/${region}/functions`, {
    functions: functionNames.map(functionOf),
  });
  setFirestore(answers);
  for (const { id } of Object.values(secretParts)) {
    const name = `projects/${number}/secrets/${id}/versions/1`;
    answers.set(`GET secretmanager.googleapis.com/v1/projects/${project}/secrets/${id}/versions`, {
      versions: [{ name, state: "ENABLED", createTime: "2026-11-01T09:00:00Z" }],
      totalSize: 1,
    });
  }
  answers.set(`GET run.googleapis.com/v2/projects/${project}/locations/${region}/services/api`, {
    name: `projects/${project}/locations/${region}/services/api`,
    template: { serviceAccount: runtimeAccount, containers: [{ image: "us-docker.pkg.dev/x/y/z@sha256:0" }] },
  });
  setPolicies(answers);
  return answers;
}

type Pushed = Pick<(typeof pushSubscriptions)[number], "name" | "function" | "topic" | "maxAttempts">;

function subscriptionOf({ name, function: heard, topic, maxAttempts }: Pushed) {
  const address = `https://gantry-${heard}-${number}.${region}.run.app`;
  return {
    name: `projects/${project}/subscriptions/${name}`,
    topic: `projects/${project}/topics/${topic}`,
    pushConfig: {
      pushEndpoint: `${address}/projects/${project}/topics/${topic}`,
      attributes: { "x-goog-version": "v1" },
      oidcToken: { serviceAccountEmail: accountOf("push", project), audience: address },
    },
    ackDeadlineSeconds: 600,
    messageRetentionDuration: "604800s",
    expirationPolicy: {},
    deadLetterPolicy: {
      deadLetterTopic: `projects/${project}/topics/gantry-dead-letters`,
      maxDeliveryAttempts: maxAttempts,
    },
    retryPolicy: { minimumBackoff: "0.200s", maximumBackoff: "30s" },
    state: "ACTIVE",
  };
}

function deadLetterSubscription() {
  const pushed = { name: "gantry-dead-letters", function: "sweep", topic: "gantry-dead-letters" } as const;
  const { deadLetterPolicy: _, ...own } = subscriptionOf({ ...pushed, maxAttempts: 0 });
  return {
    ...own,
    messageRetentionDuration: "2678400s",
    retryPolicy: { minimumBackoff: "10s", maximumBackoff: "600s" },
  };
}

function functionOf(name: (typeof functionNames)[number]) {
  return {
    name: `projects/${project}/locations/${region}/functions/gantry-${name}`,
    buildConfig: { runtime: installedRuntime as string, entryPoint: name },
    serviceConfig: {
      service: `projects/${project}/locations/${region}/services/gantry-${name}`,
      timeoutSeconds: functionParts[name].timeoutSeconds,
      ingressSettings: "ALLOW_INTERNAL_ONLY",
      uri: `https://gantry-${name}-ab12cd34ef-uc.a.run.app`,
      serviceAccountEmail: accountOf(name, project),
    },
    state: "ACTIVE",
    environment: "GEN_2",
  };
}

function setFirestore(answers: Answers): void {
  const root = `firestore.googleapis.com/v1/projects/${project}/databases/(default)`;
  const name = `projects/${project}/databases/(default)`;
  answers.set(`GET ${root}`, {
    name,
    type: "FIRESTORE_NATIVE",
    locationId: region,
    concurrencyMode: "PESSIMISTIC",
  });
  answers.set(`GET ${root}/collectionGroups/-/fields`, {
    fields: timeToLive.map(({ collection, field }) => ({
      name: `${name}/collectionGroups/${collection}/fields/${field}`,
      ttlConfig: { state: "ACTIVE" },
    })),
  });
  answers.set(`GET ${root}/collectionGroups/-/indexes`, {
    indexes: firestoreIndexes.map(({ collection, fields }, index) => ({
      name: `${name}/collectionGroups/${collection}/indexes/CICAgJ${index}`,
      queryScope: "COLLECTION",
      fields: fields.map(({ path, order }) => ({
        fieldPath: path,
        ...(order === "CONTAINS" ? { arrayConfig: order } : { order }),
      })),
      state: "READY",
    })),
  });
}

/** Each resource has a policy with the grants that it needs. */
function setPolicies(answers: Answers): void {
  const imageRepository = `${region}-docker.pkg.dev/${project}/gantry`;
  const services = [{ project, region, name: "api", runtimeAccount, imageRepository }];
  const grants = grantsOf({
    project,
    region,
    database: "(default)",
    hasSlack: true,
    github: "token",
    hasOtlpHeaders: false,
    services,
  });
  for (const { resource } of grants) {
    const same = grants.filter((grant) => JSON.stringify(grant.resource) === JSON.stringify(resource));
    answers.set(policyKey(resource), { version: 3, etag: "BwYz", bindings: same.map(bindingOf) });
  }
  letAgentsWork(answers);
}

/** What Google's own agents are granted, by Google and by the module. */
function letAgentsWork(answers: Answers): void {
  const agent = (name: string) => `serviceAccount:service-${number}@gcp-sa-${name}.iam.gserviceaccount.com`;
  const grant = (resource: Resource, role: string, member: string) => {
    const policy = answers.get(policyKey(resource)) ?? { version: 3, etag: "BwYz", bindings: [] };
    if ("bindings" in policy && Array.isArray(policy.bindings))
      policy.bindings.push({ role, members: [member] });
    answers.set(policyKey(resource), policy);
  };
  grant({ type: "topic", project, name: "gantry-dead-letters" }, "roles/pubsub.publisher", agent("pubsub"));
  grant({ type: "project", project }, "roles/pubsub.subscriber", agent("pubsub"));
  grant({ type: "project", project }, "roles/cloudbuild.serviceAgent", agent("cloudbuild"));
  grant(
    { type: "service-account", account: accountOf("push", project) },
    "roles/iam.serviceAccountTokenCreator",
    agent("pubsub"),
  );
}

function bindingOf({ role, member, condition }: Grant) {
  return { role, members: [member], ...(condition === null ? {} : { condition }) };
}

/** Where a resource's policy is read. */
export function policyKey(resource: Resource): string {
  switch (resource.type) {
    case "project":
      return `POST cloudresourcemanager.googleapis.com/v1/projects/${resource.project}:getIamPolicy`;
    case "service-account":
      return `POST iam.googleapis.com/v1/projects/-/serviceAccounts/${resource.account}:getIamPolicy`;
    case "run-service":
      return `GET run.googleapis.com/v2/projects/${resource.project}/locations/${resource.region}/services/${resource.name}:getIamPolicy`;
    case "repository":
      return `GET artifactregistry.googleapis.com/v1/projects/${resource.project}/locations/${resource.region}/repositories/${resource.name}:getIamPolicy`;
    case "topic":
      return `GET pubsub.googleapis.com/v1/projects/${resource.project}/topics/${resource.name}:getIamPolicy`;
    case "secret":
      return `GET secretmanager.googleapis.com/v1/projects/${resource.project}/secrets/${resource.name}:getIamPolicy`;
  }
}

/** A server that answers as these; a key that it does not know is Google's 404. Also a webhook list and Slack's auth.test, if given. */
export async function startGoogle(
  answers: Answers,
  headersOf: (key: string) => Readonly<Record<string, string>> = () => ({}),
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://local").pathname.slice(1);
    const key = `${request.method} ${decodeURIComponent(path)}`;
    asked.push(`${key} ${request.headers.authorization ?? ""}`);
    const body = answers.get(key) ?? googleError(404, "NOT_FOUND", `Not found: ${path}`);
    const code =
      "error" in body && typeof body.error === "object" ? Reflect.get(body.error ?? {}, "code") : 200;
    response.writeHead(typeof code === "number" ? code : 200, {
      "content-type": "application/json",
      ...headersOf(key),
    });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
