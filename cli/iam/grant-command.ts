import { type Grant, projectNumber, type Resource } from "../../shared/install/grants.ts";
import { ownRoles } from "../../shared/install/rights.ts";

/**
 * The commands that grant these; first those that make the roles of Gantry's own, where one of them needs it. A role that is
 * there is brought up to date, and granting twice changes nothing.
 */
export function grantCommands(grants: readonly Grant[]): readonly string[] {
  const roles = ownRoles.flatMap(({ id, title, permissions }) => {
    const projects = grants.flatMap(({ role, resource }) =>
      role.endsWith(`/roles/${id}`) && resource.type === "project" ? [resource.project] : [],
    );
    const about = `--title='${title}' --permissions=${permissions.join(",")}`;
    return [...new Set(projects)].map(
      (project) =>
        `gcloud iam roles create ${id} --project=${project} ${about} || gcloud iam roles update ${id} --project=${project} ${about}`,
    );
  });
  return [...roles, ...grants.map(grantCommand)];
}

/** The command that grants it; granting twice changes nothing. */
function grantCommand({ member, role, resource, condition }: Grant): string {
  const binding = `--member=${member} --role=${role}`;
  if (resource.type !== "project") return `${subject(resource)} ${binding}`;
  return `${subject(resource)} ${binding} --condition=${conditionText(condition, resource.project)}`;
}

function subject(resource: Resource): string {
  switch (resource.type) {
    case "project":
      return `gcloud projects add-iam-policy-binding ${resource.project}`;
    case "run-service":
      return `gcloud run services add-iam-policy-binding ${resource.name} --project=${resource.project} --region=${resource.region}`;
    case "service-account":
      return `gcloud iam service-accounts add-iam-policy-binding ${resource.account}${projectOf(resource.account)}`;
    case "repository":
      return `gcloud artifacts repositories add-iam-policy-binding ${resource.name} --project=${resource.project} --location=${resource.region}`;
    case "topic":
      return `gcloud pubsub topics add-iam-policy-binding ${resource.name} --project=${resource.project}`;
    case "secret":
      return `gcloud secrets add-iam-policy-binding ${resource.name} --project=${resource.project}`;
  }
}

/** gcloud looks for an account in the current project unless it is told another. */
function projectOf(account: string): string {
  const [, project] = /@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/.exec(account) ?? [];
  return project === undefined ? "" : ` --project=${project}`;
}

/** A policy that has conditions somewhere wants to be told of a binding that it has none. */
function conditionText(condition: Grant["condition"], project: string): string {
  if (condition === null) return "None";
  const { title, expression } = condition;
  if (!expression.includes(projectNumber)) return `'expression=${expression},title=${title}'`;
  const number = `$(gcloud projects describe ${project} --format='value(projectNumber)')`;
  return `"expression=${expression.replaceAll('"', "'").replace(projectNumber, number)},title=${title}"`;
}
