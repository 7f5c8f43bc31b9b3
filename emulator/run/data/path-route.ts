import type { Destination } from "./address-book.ts";

const PATH = /^\/_run\/([^/]+)\/([^/]+)\/([^/@?]+)(?:@([^/?]+))?(\/[^?]*)?(\?.*)?$/;

/**
 * The path form of an address on the shared proxy, `/_run/PROJECT/REGION/SERVICE[@TAG]/rest`, with what is left for the
 * service; null for any other path.
 */
export function destinationOfPath(url: string): Readonly<{ destination: Destination; path: string }> | null {
  const [, project, location, service, tag = "", path = "/", query = ""] = PATH.exec(url) ?? [];
  if (project === undefined || location === undefined || service === undefined) return null;
  return { destination: { key: { project, location, service }, tag }, path: path + query };
}
