import type { GoogleIdentity } from "./google-identity.ts";

type Headers = Readonly<Record<string, string>>;

/**
 * Who Gantry is to a Cloud Run service that asks: an ID token for `https://*.run.app`, and nothing for any other address, for
 * a token must reach nobody but Google. The audience is the service's own URL, without a revision's tag before it
 * (https://cloud.google.com/run/docs/authenticating/service-to-service). Where this machine has no identity that can have
 * such a token, the request goes without: the service then says by itself whether it lets everybody in. Rejects when the
 * token could not be had.
 */
export function runAuthorization(
  identity: Pick<GoogleIdentity, "idTokenHeader">,
): (url: string) => Promise<Headers> {
  return async (url) => {
    const audience = audienceOf(url);
    if (audience === null) return {};
    try {
      return { authorization: await identity.idTokenHeader(audience) };
    } catch (error) {
      if (hasNoIdentity(error)) return {};
      throw error;
    }
  };
}

/** `https://g-1---api-abc-uc.a.run.app/health` → `https://api-abc-uc.a.run.app`; null when it is not Cloud Run's. */
function audienceOf(text: string): string | null {
  const { protocol, hostname, port } = new URL(text);
  const isRun = protocol === "https:" && port === "" && hostname.endsWith(".run.app");
  return isRun ? `https://${hostname.split("---").at(-1)}` : null;
}

/** google-auth-library's words for a machine without credentials, and for those of a person, which give no ID tokens. */
function hasNoIdentity(error: unknown): boolean {
  return (
    error instanceof Error &&
    /default credentials|Cannot fetch ID token in this environment/i.test(error.message)
  );
}
