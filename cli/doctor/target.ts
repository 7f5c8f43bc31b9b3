import type { NamedService } from "../doctor.ts";

/** What is looked at on Google Cloud. */
export type Target = Readonly<{
  project: string;
  region: string;
  database: string;
  services: readonly NamedService[];
  hasSlack: boolean;
  today: string; // ISO date
}>;
