import { deadLetterTopic } from "../../shared/install/google-parts.ts";
import type { Resource } from "../../shared/install/grants.ts";
import { accountOf } from "../../shared/install/grants.ts";
import { type Finding, findings } from "./finding.ts";
import type { GoogleApi } from "./google-api.ts";
import { type IamPolicy, policyOf } from "./granted-rights.ts";
import type { Target } from "./target.ts";

/** An account of Google's own that works for Gantry, and one right without which something silently does not happen. */
type AgentNeed = Readonly<{
  agent: "gcp-sa-pubsub" | "gcp-sa-cloudbuild";
  /** Any of these is enough. */
  roles: readonly string[];
  /** At any of these. */
  at: readonly Resource[];
  what: string;
  means: string;
  next: string;
}>;

function needsOf({ project, services }: Target): readonly AgentNeed[] {
  const push = accountOf("push", project);
  const numbered = (of: string) => `$(gcloud projects describe ${of} --format='value(projectNumber)')`;
  const pubsub = `--member="serviceAccount:service-${numbered(project)}@gcp-sa-pubsub.iam.gserviceaccount.com"`;
  const builders = [...new Set(services.map((service) => service.project))];
  return [
    {
      agent: "gcp-sa-pubsub",
      roles: ["roles/pubsub.publisher"],
      at: [{ type: "topic", project, name: deadLetterTopic }],
      what: `Pub/Sub may not lay messages aside on ${deadLetterTopic}`,
      means: "A message that fails again and again is delivered until it expires, and nobody hears of it.",
      next: `gcloud pubsub topics add-iam-policy-binding ${deadLetterTopic} --project ${project} ${pubsub} --role=roles/pubsub.publisher`,
    },
    {
      agent: "gcp-sa-pubsub",
      roles: ["roles/pubsub.subscriber", "roles/pubsub.editor"],
      at: [{ type: "project", project }],
      what: "Pub/Sub may not take messages out of its subscriptions",
      means: "What is laid aside stays in its subscription too, and comes again.",
      next: `gcloud projects add-iam-policy-binding ${project} ${pubsub} --role=roles/pubsub.subscriber --condition=None`,
    },
    {
      agent: "gcp-sa-pubsub",
      roles: [
        "roles/iam.serviceAccountTokenCreator",
        "roles/iam.serviceAccountOpenIdTokenCreator",
        "roles/pubsub.serviceAgent",
      ],
      at: [
        { type: "service-account", account: push },
        { type: "project", project },
      ],
      what: "Pub/Sub may not sign its pushes as gantry-push",
      means: "The functions turn every push away.",
      next: `gcloud iam service-accounts add-iam-policy-binding ${push} --project ${project} ${pubsub} --role=roles/iam.serviceAccountTokenCreator`,
    },
    ...builders.map(
      (of): AgentNeed => ({
        agent: "gcp-sa-cloudbuild",
        roles: ["roles/cloudbuild.serviceAgent"],
        at: [{ type: "project", project: of }],
        what: `Cloud Build may not publish to cloud-builds in ${of}`,
        means:
          "The end of a build is seen only when the sweep asks; without this agent builds may not run at all.",
        next: `gcloud projects add-iam-policy-binding ${of} --member="serviceAccount:service-${numbered(of)}@gcp-sa-cloudbuild.iam.gserviceaccount.com" --role=roles/cloudbuild.serviceAgent --condition=None`,
      }),
    ),
  ];
}

/** The rights of Google's own agents, which nothing else shows: a missing one loses messages without a word. */
export async function checkAgents(api: GoogleApi, target: Target): Promise<readonly Finding[]> {
  const { ok, broken, unknown } = findings("agents");
  const needs = needsOf(target);
  const judged = needs.map(async (need): Promise<Finding | null> => {
    const policies = await Promise.all(need.at.map((resource) => policyOf(api, resource)));
    if (policies.some((policy) => policy.ok && isHeld(policy.value, need))) return null;
    const unread = policies.find((policy) => !policy.ok);
    return unread === undefined
      ? broken(need.what, need.means, need.next)
      : unknown(`not looked at: ${need.what}?`, unread.message, need.next);
  });
  const found = (await Promise.all(judged)).filter((one) => one !== null);
  return found.length > 0 ? found : [ok("Pub/Sub and Cloud Build may do their part")];
}

function isHeld({ bindings }: IamPolicy, { agent, roles }: AgentNeed): boolean {
  const member = new RegExp(`^serviceAccount:service-[0-9]+@${agent}\\.iam\\.gserviceaccount\\.com$`);
  return bindings.some(
    ({ role, members }) => roles.includes(role) && members.some((one) => member.test(one)),
  );
}
