import { parseRevisionName, type RevisionName } from "../../domain/ids.ts";
import type { ServiceParts } from "../google/service-parts.ts";

/** `projects/P/locations/L`. */
export function parentPath({ project, region }: ServiceParts): string {
  return `projects/${project}/locations/${region}`;
}

/** `projects/P/locations/L/services/S`. */
export function servicePath(parts: ServiceParts): string {
  return `${parentPath(parts)}/services/${parts.name}`;
}

/** `projects/P/locations/L/services/S/revisions/R`. */
export function revisionPath(parts: ServiceParts, revision: RevisionName): string {
  return `${servicePath(parts)}/revisions/${revision}`;
}

/**
 * The short name of a revision: the API answers with short names in traffic lists and with full ones elsewhere. Null
 * where the field is empty.
 */
export function shortRevisionName(name: string | null | undefined): RevisionName | null {
  return parseRevisionName((name ?? "").split("/").pop() ?? "");
}
