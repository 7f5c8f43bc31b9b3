import type { GitHubWay } from "../../shared/install/google-parts.ts";
import type { NamedService } from "../doctor.ts";

/** What is looked at on Google Cloud. */
export type Target = Readonly<{
  project: string;
  region: string;
  database: string;
  services: readonly NamedService[];
  hasSlack: boolean;
  github: GitHubWay;
  /** Whether `gantry.server.yaml` lets Gantry tell GitHub of releases. */
  reportsToGitHub: boolean;
  today: string; // ISO date
}>;
