import type { RevisionsClient, ServicesClient } from "@google-cloud/run";
import { clientOptions, type Endpoint } from "../google/client-options.ts";

/** The two clients of the Cloud Run Admin API that Gantry uses. */
export type RunClients = Readonly<{ services: ServicesClient; revisions: RevisionsClient }>;

export type RunConnection = Readonly<{
  /** The clients for a region, made at the first call. The SDK is loaded no earlier. */
  clients: (region: string) => Promise<RunClients>;
  /** Closes every channel that was opened. */
  close: () => Promise<void>;
}>;

/**
 * The real API, through the endpoint of each region so that long-running operations are found where they run, or the one
 * endpoint given.
 */
export function connectRun({ endpoint }: Readonly<{ endpoint: Endpoint | null }>): RunConnection {
  const opened = new Map<string, Promise<RunClients>>();
  const clients = (region: string): Promise<RunClients> => {
    const host = endpoint === null ? `${region}-run.googleapis.com` : "";
    const known = opened.get(host) ?? openClients(endpoint, host);
    opened.set(host, known);
    return known;
  };
  const close = async (): Promise<void> => {
    const all = await Promise.all(opened.values());
    opened.clear();
    await Promise.all(all.flatMap(({ services, revisions }) => [services.close(), revisions.close()]));
  };
  return { clients, close };
}

async function openClients(endpoint: Endpoint | null, host: string): Promise<RunClients> {
  const { RevisionsClient, ServicesClient } = await import("@google-cloud/run");
  const options = await clientOptions(endpoint, host);
  return { services: new ServicesClient(options), revisions: new RevisionsClient(options) };
}
