import type { Resource } from "../../shared/install/grants.ts";
import type { Place } from "../../shared/install/rights.ts";

/** Where a right is granted, before anybody said which project and which services. */
export function placeText(on: Place, database: string): string {
  switch (on.kind) {
    case "database":
      return `database ${database}`;
    case "project":
      return "Gantry's project";
    case "service-project":
      return "each project of a service";
    case "service":
      return "each service";
    case "runtime-account":
      return "each service's runtime account";
    case "build-account":
      return "build account gantry-images";
    case "image-repository":
      return "each image repository";
    case "functions":
      return "each function";
    case "package-repository":
      return "repository gantry-functions";
    case "package-sources":
      return "buckets of uploaded source";
    case "topic":
      return `topic ${on.name}`;
    case "secret":
      return `secret ${on.name}`;
  }
}

/** The resource of one grant, in as few words. */
export function resourceText(resource: Resource): string {
  switch (resource.type) {
    case "project":
      return `project ${resource.project}`;
    case "run-service":
      return `${resource.project}/${resource.region}/${resource.name}`;
    case "service-account":
      return `account ${resource.account}`;
    case "repository":
      return `repository ${resource.project}/${resource.region}/${resource.name}`;
    case "topic":
      return `topic ${resource.name}`;
    case "secret":
      return `secret ${resource.name}`;
  }
}
