import type { GoogleAuth } from "google-auth-library";

/** Who this process is to Google: tokens of the identity that it runs as. The library keeps each until shortly before it ends. */
export type GoogleIdentity = Readonly<{
  /** For Google's REST APIs. Rejects when there is no identity here, or Google gives no token. */
  accessToken: () => Promise<string>;
  /** The `Authorization` header with an ID token for this audience; rejects likewise. */
  idTokenHeader: (audience: string) => Promise<string>;
}>;

const scopes = ["https://www.googleapis.com/auth/cloud-platform"];

/** The identity that Application Default Credentials tell; looked up, and its library loaded, at the first call. */
export function googleIdentity(): GoogleIdentity {
  let opened: Promise<GoogleAuth> | null = null;
  const open = async (): Promise<GoogleAuth> => {
    const { GoogleAuth } = await import("google-auth-library");
    return new GoogleAuth({ scopes });
  };
  const auth = (): Promise<GoogleAuth> => {
    opened ??= open();
    return opened;
  };
  return {
    accessToken: async () => {
      const token = await (await auth()).getAccessToken();
      if (!token) throw new Error("Google gave no access token");
      return token;
    },
    idTokenHeader: async (audience) => {
      const client = await (await auth()).getIdTokenClient(audience);
      const header = (await client.getRequestHeaders()).get("authorization");
      if (!header) throw new Error("Google gave no identity token");
      return header;
    },
  };
}
