import { z } from "zod";
import type { FunctionName } from "../../shared/install/google-parts.ts";
import { type Finding, findings } from "./finding.ts";
import type { GoogleApi } from "./google-api.ts";
import { policyOf } from "./granted-rights.ts";
import type { Target } from "./target.ts";

const strangers: readonly string[] = ["allUsers", "allAuthenticatedUsers"];

const serviceShape = z.object({ invokerIamDisabled: z.boolean().default(false) });

const { broken } = findings("functions");

/** Without IAM in front of it a function would believe a token that anybody can write. */
const means =
  "A function trusts that IAM checked who pushes: whoever reaches it can write a token that it believes, and so decide releases.";

/**
 * Whether anybody but Pub/Sub's push account may call a function: by a binding of its own or of the project, or because the
 * check of IAM is switched off (https://cloud.google.com/run/docs/securing/managing-access#invoker_check). Nothing where it
 * cannot be read: the check of rights says so.
 */
export async function opennessOf(
  api: GoogleApi,
  name: FunctionName,
  { project, region }: Target,
): Promise<readonly Finding[]> {
  const service = `gantry-${name}`;
  const [policy, settings] = await Promise.all([
    policyOf(api, { type: "run-service", project, region, name: service }),
    api.get(
      `run.googleapis.com/v2/projects/${project}/locations/${region}/services/${service}`,
      serviceShape,
    ),
  ]);
  const bindings = policy.ok ? policy.value.bindings : [];
  const open = bindings.flatMap(({ role, members }) =>
    members.filter((member) => strangers.includes(member)).map((member) => ({ role, member })),
  );
  const at = `--region ${region} --project ${project}`;
  return [
    ...(settings.ok && settings.value.invokerIamDisabled
      ? [
          broken(
            `anybody may call ${service}: its check of IAM is off`,
            means,
            `gcloud run services update ${service} ${at} --invoker-iam-check`,
          ),
        ]
      : []),
    ...(open.length === 0
      ? []
      : [
          broken(
            `anybody may call ${service}: ${open.map(({ member }) => member).join(", ")}`,
            means,
            ...open.map(
              ({ role, member }) =>
                `gcloud run services remove-iam-policy-binding ${service} ${at} --member=${member} --role=${role}`,
            ),
          ),
        ]),
  ];
}

/** The same for the whole project: such a binding opens every function at once. */
export async function checkProjectOpenness(api: GoogleApi, { project }: Target): Promise<readonly Finding[]> {
  const policy = await policyOf(api, { type: "project", project });
  if (!policy.ok) return [];
  const open = policy.value.bindings.flatMap(({ role, members }) =>
    /^roles\/(?:run\.|cloudfunctions\.)/.test(role)
      ? members.filter((member) => strangers.includes(member)).map((member) => ({ role, member }))
      : [],
  );
  return open.map(({ role, member }) =>
    broken(
      `${member} has ${role} in the whole project`,
      means,
      `gcloud projects remove-iam-policy-binding ${project} --member=${member} --role=${role} --all`,
    ),
  );
}
