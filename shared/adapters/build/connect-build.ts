import type { CloudBuildClient } from "@google-cloud/cloudbuild";
import { clientOptions, type Endpoint } from "../google/client-options.ts";

export type BuildConnection = Readonly<{
  /** The client, made at the first call. The SDK is loaded no earlier. */
  client: () => Promise<CloudBuildClient>;
  close: () => Promise<void>;
}>;

/** The real API at `cloudbuild.googleapis.com`, or the endpoint given. */
export function connectBuild({ endpoint }: Readonly<{ endpoint: Endpoint | null }>): BuildConnection {
  let opened: Promise<CloudBuildClient> | null = null;
  const open = async (): Promise<CloudBuildClient> => {
    const { CloudBuildClient } = await import("@google-cloud/cloudbuild");
    return new CloudBuildClient(await clientOptions(endpoint, "cloudbuild.googleapis.com"));
  };
  const client = (): Promise<CloudBuildClient> => {
    opened ??= open();
    return opened;
  };
  const close = async (): Promise<void> => {
    const last = opened;
    opened = null;
    await (await last)?.close();
  };
  return { client, close };
}
