import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

type Algorithm = "RS256" | "ES256";
type Signer = Readonly<{ kid: string; privateKey: CryptoKey; publicJwk: JWK }>;
type CryptoKey = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

/** What the key server answers with next. */
type Answering = {
  cacheControl: string | null;
  status: number;
  body: string | null; // null = the keys
  headers: Record<string, string>;
  hang: boolean; // never answers
};

/** An issuer of tokens with keys of its own, which it publishes over real HTTP as Google does. */
export type TokenIssuer = Readonly<{
  keysUrl: string;
  answering: Answering;
  /** Requests for the keys so far. */
  fetches: () => number;
  sign: (claims: JWTPayload, header?: Readonly<{ kid?: string; alg?: string }>) => Promise<string>;
  /** From now on a new key signs; both are published, or the new one alone. */
  rotate: (params?: Readonly<{ keepOld: boolean }>) => Promise<void>;
  /** Keys that are published besides. */
  publish: (jwk: JWK) => void;
  publicJwk: () => JWK;
  close: () => Promise<void>;
}>;

let made = 0;
const drawers: Record<Algorithm, Signer[]> = { RS256: [], ES256: [] };

/** Issuers that run at the same time have different keys; a closed one's are used again, for making them takes long. */
async function takeSigner(algorithm: Algorithm): Promise<Signer> {
  return drawers[algorithm].pop() ?? newSigner(algorithm);
}

async function newSigner(algorithm: Algorithm): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  made += 1;
  const kid = `key-${made}`;
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" } };
}

export async function startTokenIssuer(algorithm: Algorithm = "RS256"): Promise<TokenIssuer> {
  let signer = await takeSigner(algorithm);
  const taken = [signer];
  let published: JWK[] = [signer.publicJwk];
  let fetches = 0;
  const answering: Answering = {
    cacheControl: "public, max-age=600",
    status: 200,
    body: null,
    headers: {},
    hang: false,
  };
  const answer = (response: ServerResponse): void => {
    fetches += 1;
    if (answering.hang) return;
    const { cacheControl, status, body, headers } = answering;
    const cache = cacheControl === null ? {} : { "cache-control": cacheControl };
    response.writeHead(status, { "content-type": "application/json", ...cache, ...headers });
    response.end(body ?? JSON.stringify({ keys: published }));
  };
  const server = createServer((_request, response) => answer(response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    keysUrl: `http://127.0.0.1:${port}/keys`,
    answering,
    fetches: () => fetches,
    sign: (claims, header = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: algorithm, kid: signer.kid, typ: "JWT", ...header })
        .sign(signer.privateKey),
    rotate: async ({ keepOld } = { keepOld: true }) => {
      signer = await takeSigner(algorithm);
      taken.push(signer);
      published = [...(keepOld ? published : []), signer.publicJwk];
    },
    publish: (jwk) => published.push(jwk),
    publicJwk: () => signer.publicJwk,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      drawers[algorithm].push(...taken);
    },
  };
}

/** The claims of a token that Google signs for a push, as it is at this moment. */
export function googleClaims(
  params: Readonly<{ audience: string; email: string; atS: number }>,
  changes: JWTPayload = {},
): JWTPayload {
  const { audience, email, atS } = params;
  return {
    iss: "https://accounts.google.com",
    aud: audience,
    azp: "113774264463038321964",
    sub: "113774264463038321964",
    email,
    email_verified: true,
    iat: atS,
    exp: atS + 3_600,
    ...changes,
  };
}
