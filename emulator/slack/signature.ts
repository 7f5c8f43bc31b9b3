import { createHmac } from "node:crypto";

/** The headers that Slack signs a request with: docs.slack.dev/authentication/verifying-requests-from-slack. */
export function signedHeaders(
  secret: string,
  { rawBody, timestamp }: Readonly<{ rawBody: string; timestamp: number }>,
): Readonly<Record<string, string>> {
  const hash = createHmac("sha256", secret).update(`v0:${timestamp}:${rawBody}`).digest("hex");
  return { "x-slack-request-timestamp": String(timestamp), "x-slack-signature": `v0=${hash}` };
}
