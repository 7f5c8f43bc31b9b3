import type { CloudBuildClient } from "@google-cloud/cloudbuild";
import { type OnDemand, onDemand } from "../google/client-on-demand.ts";
import { clientOptions, type Endpoint } from "../google/client-options.ts";

export type BuildConnection = OnDemand<CloudBuildClient>;

/** The real API at `cloudbuild.googleapis.com`, or the endpoint given. */
export function connectBuild({ endpoint }: Readonly<{ endpoint: Endpoint | null }>): BuildConnection {
  return onDemand(async () => {
    const { CloudBuildClient } = await import("@google-cloud/cloudbuild");
    return new CloudBuildClient(await clientOptions(endpoint, "cloudbuild.googleapis.com"));
  });
}
