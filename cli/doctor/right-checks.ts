import { z } from "zod";
import { grantsOf, type ReleasedService } from "../../shared/install/grants.ts";
import type { Component } from "../../shared/install/rights.ts";
import type { NamedService } from "../doctor.ts";
import { grantCommands } from "../iam/grant-command.ts";
import { resourceText } from "../iam/place-text.ts";
import { type Finding, findings, unanswered } from "./finding.ts";
import type { GoogleApi } from "./google-api.ts";
import { missingGrants } from "./granted-rights.ts";
import type { Target } from "./target.ts";

const permissionsShape = z.object({ permissions: z.array(z.string()).default([]) });

/** What whoever asks needs, so that the other checks can be made. */
const ownPermissions = [
  "cloudfunctions.functions.list",
  "cloudscheduler.jobs.list",
  "datastore.databases.getMetadata",
  "pubsub.subscriptions.list",
  "pubsub.topics.list",
  "resourcemanager.projects.get",
  "resourcemanager.projects.getIamPolicy",
  "run.services.get",
  "secretmanager.versions.list",
] as const;

/** Whether whoever asks may look at all of it; `isKnown` false = Google does not know who asks, and no more is asked. */
export async function checkAsker(
  api: GoogleApi,
  { project }: Pick<Target, "project">,
): Promise<Readonly<{ isKnown: boolean; finding: Finding }>> {
  const { ok, unknown } = findings("asker");
  const url = `cloudresourcemanager.googleapis.com/v1/projects/${project}:testIamPermissions`;
  const answer = await api.post(url, { permissions: ownPermissions }, permissionsShape);
  if (!answer.ok) {
    const finding = unanswered("asker", `the project ${project}`, answer, project);
    return { isKnown: answer.kind !== "unauthenticated", finding };
  }
  const missing = ownPermissions.filter((one) => !answer.value.permissions.includes(one));
  if (missing.length === 0) return { isKnown: true, finding: ok("you may look at all of it") };
  const what = `you may not look at everything: ${missing.join(", ")}`;
  const grant = (role: string) =>
    `gcloud projects add-iam-policy-binding ${project} --member=user:YOU --role=${role} --condition=None`;
  const next = [grant("roles/viewer"), grant("roles/iam.securityReviewer")];
  return { isKnown: true, finding: unknown(what, "What is not seen is not checked.", ...next) };
}

const serviceShape = z.object({
  template: z.object({ serviceAccount: z.string().optional() }).default({}),
});

/** The services that are released, and the rights of every part of Gantry on each thing that it needs. */
export async function checkRights(api: GoogleApi, target: Target): Promise<readonly Finding[]> {
  const { unknown, ok, warning } = findings("rights");
  if (target.services.length === 0) {
    const means = "Rights on services, runtime accounts and builds are not checked.";
    return [unknown("no service was named", means, "gantry doctor --service PROJECT/REGION/NAME")];
  }
  const read = await Promise.all(target.services.map((service) => readService(api, service)));
  const services = read.flatMap((one) => ("released" in one ? [one.released] : []));
  const unread = read.flatMap((one) => ("finding" in one ? [one.finding] : []));
  if (services.length === 0) return unread;
  const { project } = target;
  const grants = grantsOf({ ...target, services });
  const { missing, unreadable } = await missingGrants(api, grants);
  const notSeen = unreadable.map((reason) =>
    warning(
      `rights could not be looked at: ${reason}`,
      "They count as missing below.",
      `gcloud projects describe ${project}`,
    ),
  );
  const parts = [...new Set(missing.map(({ component }) => component))];
  const lacking = parts.map((component) => lack(component, missing));
  if (lacking.length === 0) return [...unread, ok(`all ${grants.length} rights are granted`)];
  return [...unread, ...notSeen, ...lacking];
}

type Missing = Awaited<ReturnType<typeof missingGrants>>["missing"];

function lack(component: Component, missing: Missing): Finding {
  const own = missing.filter((grant) => grant.component === component);
  const places = own.map(({ role, resource }) => `${role} on ${resourceText(resource)}`);
  const shown = places.slice(0, 3).join(", ");
  const rest = places.length > 3 ? ` and ${places.length - 3} more` : "";
  const why = own[0]?.why ?? "";
  return findings("rights").broken(`${component} lacks ${shown}${rest}`, `It ${why}.`, ...grantCommands(own));
}

type ServiceReading = Readonly<{ released: ReleasedService }> | Readonly<{ finding: Finding }>;

async function readService(api: GoogleApi, service: NamedService): Promise<ServiceReading> {
  const { broken, warning } = findings("service");
  const { project, region, name, imageRepository } = service;
  const answer = await api.get(
    `run.googleapis.com/v2/projects/${project}/locations/${region}/services/${name}`,
    serviceShape,
  );
  const key = `${project}/${region}/${name}`;
  const make = `gcloud run deploy ${name} --project ${project} --region ${region} --image us-docker.pkg.dev/cloudrun/container/hello --service-account ACCOUNT --no-allow-unauthenticated`;
  if (!answer.ok && answer.kind === "missing") {
    const means = "Gantry's rights are on the service, so it must be there before its first release.";
    return { finding: broken(`there is no service ${key}`, means, make) };
  }
  if (!answer.ok) return { finding: unanswered("service", `the service ${key}`, answer, project) };
  const { serviceAccount } = answer.value.template;
  if (serviceAccount !== undefined && !serviceAccount.endsWith("-compute@developer.gserviceaccount.com"))
    return { released: { project, region, name, runtimeAccount: serviceAccount, imageRepository } };
  const means =
    "Gantry would have to act as an account that everything in the project shares; it checks no rights on it.";
  return { finding: warning(`${key} runs as the default compute account`, means, make) };
}
