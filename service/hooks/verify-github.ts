import { Webhooks } from "@octokit/webhooks";

/** A delivery that GitHub signed with one of our secrets. */
export type GithubVerdict =
  | Readonly<{ ok: true; delivery: string; event: string; text: string }>
  | Readonly<{ ok: false; code: "signature-invalid" | "delivery-invalid"; detail: string }>;

export type GithubHeaders = Readonly<{
  signature: string | undefined; // X-Hub-Signature-256
  delivery: string | undefined; // X-GitHub-Delivery
  event: string | undefined; // X-GitHub-Event
}>;

const deliveryPattern = /^[A-Za-z0-9-]{8,64}$/;
const eventPattern = /^[a-z_]{1,64}$/;

/**
 * Checks the HMAC-SHA256 over the raw bytes before anybody parses them, in constant time, against every secret
 * (docs.github.com, "Validating webhook deliveries").
 */
export async function verifyGithub(
  params: Readonly<{ secrets: readonly string[]; headers: GithubHeaders; rawBody: Uint8Array }>,
): Promise<GithubVerdict> {
  const { secrets, headers, rawBody } = params;
  const text = exactText(rawBody);
  if (text === null || !(await isSigned(secrets, text, headers.signature))) {
    return { ok: false, code: "signature-invalid", detail: "X-Hub-Signature-256 does not sign this body." };
  }
  const { delivery, event } = headers;
  if (delivery === undefined || !deliveryPattern.test(delivery)) {
    return { ok: false, code: "delivery-invalid", detail: "X-GitHub-Delivery is missing or not an id." };
  }
  if (event === undefined || !eventPattern.test(event)) {
    return { ok: false, code: "delivery-invalid", detail: "X-GitHub-Event is missing or not a name." };
  }
  return { ok: true, delivery, event, text };
}

/** The text that encodes to exactly these bytes; null when there is none or nothing at all. */
function exactText(rawBody: Uint8Array): string | null {
  if (rawBody.byteLength === 0) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(rawBody);
  } catch {
    return null;
  }
}

async function isSigned(secrets: readonly string[], text: string, signature: string | undefined) {
  if (signature === undefined || signature === "") return false;
  const usable = secrets.filter((secret) => secret !== "");
  const matches = await Promise.all(usable.map((secret) => new Webhooks({ secret }).verify(text, signature)));
  return matches.includes(true);
}
