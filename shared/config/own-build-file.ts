import { existsSync, readFileSync } from "node:fs";
import type { ConfigText } from "./parse-config.ts";

const name = "cloudbuild-nocache.yaml";

/**
 * The build file of a service that names none: `cloudbuild-nocache.yaml` at the top of Gantry, found from the sources
 * and from their compiled form alike. Throws when the installation lacks it.
 */
export function ownBuildFile(): ConfigText {
  const places = ["../../", "../../../", "./"].map((folder) => new URL(`${folder}${name}`, import.meta.url));
  const place = places.find((url) => existsSync(url));
  if (place === undefined) throw new Error(`${name} is missing from this installation of Gantry`);
  return { text: readFileSync(place, "utf8"), file: name };
}
