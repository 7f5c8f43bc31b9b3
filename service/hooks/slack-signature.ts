import { createHmac, timingSafeEqual } from "node:crypto";
import type { Timestamp } from "../../shared/domain/ids.ts";

export type SlackHeaders = Readonly<{
  signature: string | undefined; // X-Slack-Signature
  timestamp: string | undefined; // X-Slack-Request-Timestamp, seconds since 1970
}>;

export type SlackRefusal =
  | "timestamp-missing"
  | "timestamp-invalid"
  | "timestamp-stale"
  | "timestamp-ahead"
  | "signature-missing"
  | "signature-invalid";

export type SlackVerdict = Readonly<{ ok: true }> | Readonly<{ ok: false; reason: SlackRefusal }>;

/** How far Slack's clock and ours may lie apart, in both directions. */
const windowMs = 300_000;

const timestampPattern = /^[1-9][0-9]{8,10}$/;
const signaturePattern = /^v0=([0-9a-f]{64})$/;

/**
 * Checks that Slack signed these very bytes in the last five minutes, with any of several secrets so that one can be
 * replaced. The time is checked first, a time ahead of ours is refused like an old one, and signatures are compared in
 * constant time. Says nothing against a replay within the window. docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function verifySlack(
  params: Readonly<{
    secrets: readonly string[];
    headers: SlackHeaders;
    rawBody: Uint8Array;
    now: Timestamp;
  }>,
): SlackVerdict {
  const { secrets, headers, rawBody, now } = params;
  const { timestamp, signature } = headers;
  if (timestamp === undefined || timestamp === "") return refused("timestamp-missing");
  if (!timestampPattern.test(timestamp)) return refused("timestamp-invalid");
  const aheadMs = Number(timestamp) * 1000 - now;
  if (aheadMs > windowMs) return refused("timestamp-ahead");
  // Written so that a clock that tells no number refuses.
  if (!(aheadMs >= -windowMs)) return refused("timestamp-stale");
  if (signature === undefined || signature === "") return refused("signature-missing");
  const hex = signaturePattern.exec(signature)?.[1];
  if (hex === undefined) return refused("signature-invalid");
  const given = Buffer.from(hex, "hex");
  const usable = secrets.filter((secret) => secret !== "");
  const matches = usable.map((secret) => timingSafeEqual(given, sign({ secret, timestamp, rawBody })));
  return matches.includes(true) ? { ok: true } : refused("signature-invalid");
}

function sign(params: Readonly<{ secret: string; timestamp: string; rawBody: Uint8Array }>): Buffer {
  const { secret, timestamp, rawBody } = params;
  return createHmac("sha256", secret).update(`v0:${timestamp}:`).update(rawBody).digest();
}

function refused(reason: SlackRefusal): SlackVerdict {
  return { ok: false, reason };
}
