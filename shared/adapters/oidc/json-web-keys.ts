import { type CryptoKey, importJWK, type JWK } from "jose";
import { z } from "zod";

/** The keys of one issuer for one algorithm, by their id. */
export type SigningKeys = ReadonlyMap<string, CryptoKey>;

const keySetSchema = z.object({ keys: z.array(z.looseObject({ kid: z.string().min(1).max(256) })).max(100) });

/**
 * The public signature keys of a JSON Web Key Set (RFC 7517). Keys for other uses or algorithms are left out, secret ones
 * too. Throws when the text is no key set, or holds none that can be used.
 */
export async function readKeySet(text: string, algorithm: string): Promise<SigningKeys> {
  const { keys } = keySetSchema.parse(JSON.parse(text));
  const usable = new Map<string, CryptoKey>();
  for (const key of keys) {
    const read = isForSignatures(key, algorithm) ? await publicKey(key, algorithm) : null;
    if (read !== null) usable.set(key.kid, read);
  }
  if (usable.size === 0) throw new Error(`it holds no key for ${algorithm}`);
  return usable;
}

function isForSignatures({ use, alg }: JWK, algorithm: string): boolean {
  return (use === undefined || use === "sig") && (alg === undefined || alg === algorithm);
}

/** Null for what is no public key of this algorithm. */
async function publicKey(key: JWK, algorithm: string): Promise<CryptoKey | null> {
  const read = await importJWK(key, algorithm).catch(() => null);
  return read !== null && !(read instanceof Uint8Array) && read.type === "public" ? read : null;
}
