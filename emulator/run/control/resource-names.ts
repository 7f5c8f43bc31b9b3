import { createHash } from "node:crypto";
import type { ServiceKey } from "./service-records.ts";

const SERVICE_NAME = /^projects\/([^/]+)\/locations\/([^/]+)\/services\/([^/]+)$/;
const REVISION_NAME = /^projects\/([^/]+)\/locations\/([^/]+)\/services\/([^/]+)\/revisions\/([^/]+)$/;
const PARENT_NAME = /^projects\/([^/]+)\/locations\/([^/]+)$/;

const CONSONANTS = "bcdfghjklmnpqrstvwxz";
const VOWELS = "aeiou";

/** `projects/P/locations/L`, or null. */
export function parseParent(name: string): Readonly<{ project: string; location: string }> | null {
  const [, project, location] = PARENT_NAME.exec(name) ?? [];
  return project === undefined || location === undefined ? null : { project, location };
}

/** `projects/P/locations/L/services/S`, or null. */
export function parseServiceName(name: string): ServiceKey | null {
  const [, project, location, service] = SERVICE_NAME.exec(name) ?? [];
  if (project === undefined || location === undefined || service === undefined) return null;
  return { project, location, service };
}

/** `projects/P/locations/L/services/S/revisions/R`, or null. */
export function parseRevisionName(name: string): Readonly<{ key: ServiceKey; revision: string }> | null {
  const [, project, location, service, revision] = REVISION_NAME.exec(name) ?? [];
  if (project === undefined || location === undefined || service === undefined || revision === undefined)
    return null;
  return { key: { project, location, service }, revision };
}

export function parentName({ project, location }: Pick<ServiceKey, "project" | "location">): string {
  return `projects/${project}/locations/${location}`;
}

export function serviceName(key: ServiceKey): string {
  return `${parentName(key)}/services/${key.service}`;
}

export function revisionName(key: ServiceKey, revision: string): string {
  return `${serviceName(key)}/revisions/${revision}`;
}

/** The last segment: the API takes revisions by short and by full name. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

function letterOf(letters: string, random: () => number): string {
  return letters.charAt(Math.floor(random() * letters.length));
}

/** The name that the server gives a revision: service, five digits of the generation, and three letters. */
export function generatedRevisionName(
  service: string,
  generation: number,
  random: () => number = Math.random,
): string {
  const suffix = letterOf(CONSONANTS, random) + letterOf(VOWELS, random) + letterOf(CONSONANTS, random);
  return `${service}-${String(generation).padStart(5, "0")}-${suffix}`;
}

/** A stable twelve-digit project number for a project id: there is no project registry behind the local cloud. */
export function projectNumber(project: string): string {
  const digest = createHash("sha256").update(`project:${project}`).digest();
  return String(100_000_000_000 + (digest.readUIntBE(0, 6) % 900_000_000_000));
}

/** The ten characters that stand for a project in `https://service-<hash>-uc.a.run.app`. */
export function projectHash(project: string): string {
  const digest = createHash("sha256").update(`hash:${project}`).digest("hex");
  return BigInt(`0x${digest.slice(0, 16)}`)
    .toString(36)
    .padStart(10, "0")
    .slice(0, 10);
}

/** `uc` for us-central1: the initials of the two words, as in the host names of Cloud Run. */
export function regionCode(region: string): string {
  const [area = "", place = ""] = region.split("-");
  return `${area.charAt(0)}${place.charAt(0)}`;
}
