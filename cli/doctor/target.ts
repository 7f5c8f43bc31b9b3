import type { GitHubWay } from "../../shared/install/google-parts.ts";
import type { NamedService } from "../doctor.ts";

/** What is looked at on Google Cloud. */
export type Target = Readonly<{
  project: string;
  region: string;
  database: string;
  /** Whose gantry.yaml is here, owner/name; null = none is. */
  repository: string | null;
  services: readonly NamedService[];
  hasSlack: boolean;
  github: GitHubWay;
  hasOtlpHeaders: boolean;
  /** Whether `gantry.server.yaml` lets Gantry tell GitHub of releases. */
  reportsToGitHub: boolean;
  today: string; // ISO date
}>;
