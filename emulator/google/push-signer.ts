import { createServer } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** Signs pushes as Google does, with a key of its own, and serves that key. */
export type PushSigner = Readonly<{
  account: string;
  keysUrl: string;
  /** The token for a push to this endpoint: its audience is the address of the function, without the path. */
  sign: (endpoint: string) => Promise<string>;
  close: () => Promise<void>;
}>;

const keyId = "local-push";
const issuer = "https://accounts.google.com";
const account = "gantry-push@local.iam.gserviceaccount.com";

/** Google's emulator signs nothing; with this before the functions they check pushes as they do in production. */
export async function startPushSigner(): Promise<PushSigner> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const keys = JSON.stringify({
    keys: [{ ...(await exportJWK(publicKey)), kid: keyId, alg: "RS256", use: "sig" }],
  });
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json", "cache-control": "public, max-age=3600" });
    response.end(keys);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address !== "object") throw new Error("the signer listens on no port");
  return {
    account,
    keysUrl: `http://127.0.0.1:${address.port}/certs`,
    sign: (endpoint) =>
      new SignJWT({ email: account, email_verified: true })
        .setProtectedHeader({ alg: "RS256", kid: keyId, typ: "JWT" })
        .setIssuer(issuer)
        .setSubject(account)
        .setAudience(new URL(endpoint).origin)
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(privateKey),
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
