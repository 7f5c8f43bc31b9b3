import type { ServiceKey } from "../../domain/ids.ts";

export type ServiceParts = Readonly<{ project: string; region: string; name: string }>;

/** The three parts of a service key. */
export function partsOf(service: ServiceKey): ServiceParts {
  const [project = "", region = "", name = ""] = service.split("/");
  return { project, region, name };
}
