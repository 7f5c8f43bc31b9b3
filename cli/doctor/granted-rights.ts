import { z } from "zod";
import type { Grant, Resource } from "../../shared/install/grants.ts";
import { resourceText } from "../iam/place-text.ts";
import type { Answer, GoogleApi } from "./google-api.ts";

const policyShape = z.object({
  bindings: z
    .array(
      z.object({
        role: z.string(),
        members: z.array(z.string()).default([]),
        condition: z.object({ title: z.string().default(""), expression: z.string() }).optional(),
      }),
    )
    .default([]),
});

export type IamPolicy = z.output<typeof policyShape>;

/** Which grants are not there, and why some could not be looked at; those count as missing. */
export type Missing = Readonly<{ missing: readonly Grant[]; unreadable: readonly string[] }>;

/** Policies read at once: enough to be quick, few enough for the quotas of reads. */
const atOnce = 8;

/** Compares the grants with the policies that Google has; each policy is read once. */
export async function missingGrants(api: GoogleApi, grants: readonly Grant[]): Promise<Missing> {
  const resources = [
    ...new Map(grants.map(({ resource }) => [JSON.stringify(resource), resource])).entries(),
  ];
  const policies = new Map<string, Answer<IamPolicy>>();
  for (let first = 0; first < resources.length; first += atOnce) {
    const batch = resources.slice(first, first + atOnce);
    const read = await Promise.all(batch.map(([, resource]) => policyOf(api, resource)));
    batch.forEach(([key], index) => {
      const policy = read[index];
      if (policy !== undefined) policies.set(key, policy);
    });
    if (read.every((one) => !one.ok && one.kind === "unauthenticated")) break;
  }
  const isMissing = (grant: Grant): boolean => {
    const policy = policies.get(JSON.stringify(grant.resource));
    return policy?.ok !== true || !isGranted(policy.value, grant);
  };
  const [nobody] = [...policies.values()].filter((one) => !one.ok && one.kind === "unauthenticated");
  if (nobody !== undefined && !nobody.ok)
    return { missing: grants.filter(isMissing), unreadable: [`no credentials: ${nobody.message}`] };
  const reasons = resources.flatMap(([key, resource]) => {
    const policy = policies.get(key);
    return policy === undefined || policy.ok ? [] : [`${resourceText(resource)}: ${policy.message}`];
  });
  return { missing: grants.filter(isMissing), unreadable: reasons };
}

/** A binding without a condition grants more than one with it, and so grants this too. */
function isGranted({ bindings }: IamPolicy, { role, member, condition }: Grant): boolean {
  return bindings.some(
    (binding) =>
      binding.role === role &&
      binding.members.includes(member) &&
      (binding.condition === undefined ||
        (condition !== null && binding.condition.title === condition.title)),
  );
}

/** The policy of a resource, by the method that its API has for it. */
export function policyOf(api: GoogleApi, resource: Resource): Promise<Answer<IamPolicy>> {
  const withConditions = "options.requestedPolicyVersion=3";
  switch (resource.type) {
    case "project":
      return api.post(
        `cloudresourcemanager.googleapis.com/v1/projects/${resource.project}:getIamPolicy`,
        { options: { requestedPolicyVersion: 3 } },
        policyShape,
      );
    case "service-account":
      return api.post(
        `iam.googleapis.com/v1/projects/-/serviceAccounts/${resource.account}:getIamPolicy`,
        { options: { requestedPolicyVersion: 3 } },
        policyShape,
      );
    case "run-service": {
      const { project, region, name } = resource;
      const path = `projects/${project}/locations/${region}/services/${name}`;
      return api.get(`run.googleapis.com/v2/${path}:getIamPolicy?${withConditions}`, policyShape);
    }
    case "repository": {
      const { project, region, name } = resource;
      const path = `projects/${project}/locations/${region}/repositories/${name}`;
      return api.get(
        `artifactregistry.googleapis.com/v1/${path}:getIamPolicy?${withConditions}`,
        policyShape,
      );
    }
    case "topic": {
      const path = `projects/${resource.project}/topics/${resource.name}`;
      return api.get(`pubsub.googleapis.com/v1/${path}:getIamPolicy?${withConditions}`, policyShape);
    }
    case "secret": {
      const path = `projects/${resource.project}/secrets/${resource.name}`;
      return api.get(`secretmanager.googleapis.com/v1/${path}:getIamPolicy?${withConditions}`, policyShape);
    }
  }
}
