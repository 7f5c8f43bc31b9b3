import type { ReleaseConfig } from "../shared/domain/release-config.ts";

/**
 * Checks that ask for a path which Google answers itself on `run.app`: it never reaches the candidate.
 * https://cloud.google.com/run/docs/known-issues#reserved_url_paths
 */
export function reservedPaths({
  verify,
}: ReleaseConfig): readonly Readonly<{ path: string; message: string }>[] {
  return verify.checks.flatMap(({ method, path: asked, name }, index) => {
    const [pathname = ""] = asked.split("?");
    if (!/z$|^\/eventlog$|^\/_ah\//.test(pathname)) return [];
    const path = `verify.checks[${index}].${method.toLowerCase()}`;
    const message = `${name}: Google may answer ${pathname} of a run.app address itself, with 404; let the service answer another path, such as /health`;
    return [{ path, message }];
  });
}
